"""Comments on a case: for everybody who may read its file, or for the writer's own office alone."""
