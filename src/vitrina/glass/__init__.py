"""How you see it: examples traced through the three stages, the recording of a training, and the page."""
