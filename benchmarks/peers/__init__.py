"""The tools people already use, each as its own documentation tells them to: one small file per way of training."""
