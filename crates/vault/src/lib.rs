//! What the payment side must remember: cards, payments and what is still to be done. The only crate that touches card data at rest.
