"""Ordinary tables: the default training beside other networks, boosted trees and linear models, on the same folds."""
