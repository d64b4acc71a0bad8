from tests.experiments.collection.conftest import sessions

__all__ = ["sessions"]
