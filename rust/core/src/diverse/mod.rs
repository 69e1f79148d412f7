//! Greedy selection of rows that differ: one lazy engine, and the rules that run on it.
