//! countersign-server
