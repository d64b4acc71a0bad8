"""Rows in clusters: the published ones and made-up ones."""

import json

import numpy as np

from tests.stats.build import REFERENCE, rows


def few_clusters_case(identifier):
    cases = json.loads((REFERENCE / "cases_few_clusters.json").read_text())
    return next(item for item in cases if item["id"] == identifier)


def castle_south():
    """Homicides in eleven southern states on the castle doctrine and years; states are to be absorbed."""
    table = rows("castle_south11")
    state, year = (np.array([row[name] for row in table]) for name in ("state", "year"))
    treated = np.array([float(row["post1"]) for row in table])
    years = (year[:, None] == np.unique(year)[1:]).astype(float)
    dummies = (state[:, None] == np.unique(state)).astype(float)
    outcomes = np.array([float(row["l_homicide"]) for row in table])
    return outcomes, np.column_stack([treated, years, dummies]), state


def voters():
    """Support for a proposition on treatment and log income, in 40 groups."""
    names = ("proposition_vote", "treatment", "log_income", "group_id1")
    table = [row for row in rows("voters") if all(row[name] not in ("", "NA") for name in names)]
    outcomes, treatment, income = (np.array([float(row[name]) for row in table]) for name in names[:3])
    regressors = np.column_stack([treatment, income, np.ones(len(table))])
    return outcomes, regressors, np.array([row["group_id1"] for row in table])


def create_rows(seed, *, clusters=8, size=5, effect=0.0):
    """A treatment of half the clusters, a covariate and a constant; errors with a cluster part."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), size)
    treated = (rng.permutation(clusters) < clusters // 2)[cluster].astype(float)
    regressors = np.column_stack([treated, rng.normal(size=len(cluster)), np.ones(len(cluster))])
    outcomes = effect * treated + rng.normal(size=clusters)[cluster] + rng.normal(size=len(cluster))
    return outcomes, regressors, cluster
