//! How gentle a run is on its table, measured in simulated time from what the engine consumed, and when.
