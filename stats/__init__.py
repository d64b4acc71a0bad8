"""The numbers: panels in, estimates out.

Pure functions over arrays with frozen results. Knows neither web, database, clock nor network;
randomness is a ``numpy.random.Generator`` passed in. Importing it, or reading a stored result, brings
numpy alone; an estimator's other imports come with its module.

The front door: `panel.Panel` and `design.Design` into `evaluate.evaluate`, out comes an
`evaluation.Evaluation`; `recommend.recommend` says which design the data can carry. Behind it, by family:

    methods             what each method of the front door runs
    differences         two groups, fixed effects, event studies, adjustment for covariates
    staggered           group-time effects, imputation, interaction weights, decomposition
    synthetic_control   synthetic control, augmented, penalised; synthetic difference-in-differences
    counterfactuals     factor models, matrix completion, prediction intervals, conformal tests
    trials              randomised designs, and inference that repeats their draw
    time_series         interrupted series, without controls
    clusters            few clusters, few treated, the wild bootstrap
    checks              diagnostics, balance, sensitivity, power of pre-tests, honest bounds
    monitoring          margins, confidence sequences, planned looks, many tests
    planning            power, the least effect found, designs compared
    pooling             meta-analysis, transport to other places, benefit and cost
    numerics            the regressions, programmes and searches that all of these compute with

Here at the top: `panel`, `cohorts`, `missing` (panels, checked once), `results`, `findings`, `inference`,
`reasons`, `errors` (values, judgements, refusals), `words` and `sentences` (in plain words).
"""
