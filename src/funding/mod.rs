//! (this room's story)
