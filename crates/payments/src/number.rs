//! Card numbers and tokens: what may be seen and what may not.
