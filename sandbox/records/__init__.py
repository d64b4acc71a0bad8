"""Case records (사건 기록): a whole case on one page, and as an archive whose hashes anyone can check.

Promises that a reader gets what this reader may read and no more, and that the archive is written as
it is read, however large the case. Must not know pages.
"""
