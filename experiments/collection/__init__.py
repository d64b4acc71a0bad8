"""From a city's data hub to stored observations, losing nothing and counting nothing twice.

    connector   pages in, readings out; knows the hub's dialect and no database
    engine      lease, window, one transaction of observations, attempt and watermark
    mqtt        listening to brokers: the same lease, one transaction for each batch of messages
    sources     what is read from where, into which metrics and districts

The clock, the session factory and the settings are handed in.
"""
