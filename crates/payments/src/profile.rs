//! What goes into a token, and which way back there is.
