"""The numbers: panels in, estimates out.

Pure functions over arrays with frozen results. Knows neither web, database, clock nor network;
randomness is a ``numpy.random.Generator`` passed in. Importing it, or reading a stored result, brings
numpy alone; an estimator's other imports come with its module.

The front door: `panel.Panel` and `design.Design` into `evaluate.evaluate`, out comes an
`evaluation.Evaluation`; `recommend.recommend` says which design the data can carry. Behind it, by family:

    difference-in-differences   did, two_way, two_by_two, triple_difference, event_study, doubly_robust,
                                group_time with aggregation, imputation, interaction_weighted, bacon
    synthetic control           synthetic, augmented, penalised, synthetic_did, staggered_synthetic,
                                interactive, matrix_completion, prediction_intervals, conformal,
                                jackknife_plus
    randomised                  randomised, crossover, randomisation with assignment
    without controls            interrupted
    few clusters or treated     few_clusters, wild_bootstrap, few_treated, reassignment, inference
    diagnostics, sensitivity    diagnostics, balance, sensitivity, pretrend_power, honest
    safety, looking early       equivalence, tost, anytime, anytime_events, sequential, multiplicity
    power                       power, design_search
    pooling, transport          meta, transport, benefit_cost
    panels                      panel, cohorts, missing, adjustment
    in plain words              words, sentences
"""
