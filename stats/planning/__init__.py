"""Before the start: power, the smallest effect that can be seen, designs compared."""
