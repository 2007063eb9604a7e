"""The claims of the second text: training is one wave, inference the market after it."""
