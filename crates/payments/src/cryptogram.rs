//! Ciphers and codes of card and issuer.
