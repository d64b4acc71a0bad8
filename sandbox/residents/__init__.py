"""What residents are told before a pilot starts in their street: how, when, by whom and in which words."""
