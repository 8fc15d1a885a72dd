//! The demo as a newcomer starts it.
