"""split: from one decoded image to the whole figure and its panels, each with the words that speak of it."""
