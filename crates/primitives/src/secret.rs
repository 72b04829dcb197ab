//! A value that must not be seen: its Debug prints stars, it is wiped when dropped, and it has no Display and no Serialize.
//! Used for node keys and development keys.

use std::fmt;

use zeroize::Zeroize;

/// A secret of type `T`, readable only through [`Masked::expose`].
#[derive(Clone)]
pub struct Masked<T: Zeroize>(T);

impl<T: Zeroize> Masked<T> {
    /// Wraps a secret.
    pub const fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The secret itself; every call site is a place to review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Zeroize> Drop for Masked<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_secret() {
        assert_eq!(format!("{:?}", Masked::new([7_u8; 32])), "***");
    }
}
