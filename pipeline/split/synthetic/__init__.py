"""Synthetic compound figures: panels and letters at known places, to train and test what finds them."""
