//! Messages between terminal and issuer.
