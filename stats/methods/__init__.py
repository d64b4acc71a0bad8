"""Each method of the front door: a panel and a design in, the parts of an evaluation out."""
