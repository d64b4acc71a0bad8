"""Notices: what people are told, in their inbox and by e-mail, in the transaction of the act itself."""
