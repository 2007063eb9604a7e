"""The claims of the fourth text: what inference costs as use grows."""
