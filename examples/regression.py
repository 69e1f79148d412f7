"""Measure where a regressor is least sure; then look for the highest value in as few measurements as possible."""

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

import shortlist as sl

X = np.linspace(0, 20, 400).reshape(-1, 1)
y = np.sin(X.ravel()) + X.ravel() / 10
kernel = RBF(1.0) + WhiteKernel(1e-4, noise_level_bounds="fixed")

learner = sl.ActiveLearner(GaussianProcessRegressor(kernel), sl.max_std_sampling, X[[0]], y[[0]])
for _ in range(15):
    picks, rows = learner.query(X)
    learner.teach(rows, y[picks])
error = np.abs(learner.predict(X) - y).max()
print(f"{len(learner.X_training)} measurements: nowhere off by more than {error:.4f}")

optimizer = sl.BayesianOptimizer(GaussianProcessRegressor(kernel, optimizer=None), sl.max_EI, X[[0]], y[[0]])
for _ in range(15):
    picks, rows = optimizer.query(X, tradeoff=0.01)
    optimizer.teach(rows, y[picks])
where, value = optimizer.get_max()
print(f"highest value found {value:.3f} at {where[0]:.2f}; there is {y.max():.3f}")
