//! What card and issuer agree on beside the standards.
