//! BER-TLV, one level at a time.
