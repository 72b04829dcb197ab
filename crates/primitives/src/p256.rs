//! Whether bytes are a public key of P-256, the curve to which delivery details are encrypted (RFC 9180). Called by `attributes`.
//! Rules: SEC 1 section 2.3.4 for the bytes, SP 800-186 section 3.2.1.3 for the curve. Nothing here is secret, so nothing
//! needs to take constant time. The curve has cofactor 1: every point on it but infinity, which has other bytes, is a key.

use alloy_primitives::{U256, uint};

/// Bytes of an uncompressed point.
pub const POINT_BYTES: usize = 65;

/// Is this an uncompressed point on the curve?
pub fn is_point(bytes: &[u8; POINT_BYTES]) -> bool {
    let [tag, coordinates @ ..] = bytes;
    let (x, y) = coordinates.split_at(32);
    let (x, y) = (U256::from_be_slice(x), U256::from_be_slice(y));
    *tag == UNCOMPRESSED && x < PRIME && y < PRIME && y.mul_mod(y, PRIME) == right_side(x)
}

/// x^3 - 3 x + b.
fn right_side(x: U256) -> U256 {
    let minus_three = PRIME.wrapping_sub(THREE);
    x.mul_mod(x, PRIME).add_mod(minus_three, PRIME).mul_mod(x, PRIME).add_mod(B, PRIME)
}

const UNCOMPRESSED: u8 = 0x04;
const THREE: U256 = uint!(3_U256);
const PRIME: U256 = uint!(0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff_U256);
const B: U256 = uint!(0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b_U256);

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    /// The generator of SP 800-186, the recipient and the ephemeral key of RFC 9180 appendix A.3.1.
    const POINTS: [&str; 3] = [
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    ];

    #[test]
    fn published_points_are_on_the_curve_and_no_neighbour_is() {
        for point in POINTS {
            let point: [u8; POINT_BYTES] = hex::decode(point).expect("hex").try_into().expect("65 bytes");
            assert!(is_point(&point));
            for at in 0..POINT_BYTES {
                let mut other = point;
                other[at] ^= 1;
                assert!(!is_point(&other), "byte {at}");
            }
        }
    }

    #[test]
    fn coordinates_are_below_the_prime_and_infinity_is_no_key() {
        assert!(!is_point(&[0; POINT_BYTES]));
        let mut zero = [0; POINT_BYTES];
        zero[0] = UNCOMPRESSED;
        assert!(!is_point(&zero));
        // x = 0 has the y of b's root, SP 800-186; the prime itself would be the same x once more.
        let root: [u8; 32] = hex!("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
        let mut point = zero;
        point[33..].copy_from_slice(&root);
        assert!(is_point(&point));
        point[1..33].copy_from_slice(&PRIME.to_be_bytes::<32>());
        assert!(!is_point(&point));
    }
}
