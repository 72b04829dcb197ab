//! Commands and responses of ISO 7816-4.
