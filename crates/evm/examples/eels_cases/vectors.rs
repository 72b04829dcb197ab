//! Inputs for the precompiled contracts, most of them valid: curve generators, signatures made here, published vectors.

use alloy_primitives::{Address, B256, U256, hex, keccak256};
use rand::{Rng, rngs::StdRng};

use crate::people::Signer;

/// One call of a precompiled contract.
pub(crate) struct Vector {
    pub(crate) address: Address,
    pub(crate) input: Vec<u8>,
}

/// A call that costs the reference little.
pub(crate) fn cheap(rng: &mut StdRng) -> Vector {
    match rng.random_range(0..9) {
        0 => vector(1, ecrecover(rng)),
        1 => vector(2, random(rng, 100)),
        2 => vector(3, random(rng, 100)),
        3 => vector(4, random(rng, 200)),
        4 => vector(5, modexp(rng)),
        5 => vector(6, bn254_add(rng)),
        6 => vector(7, bn254_mul(rng)),
        7 => vector(9, blake2f(rng)),
        _ => vector(0x100, p256_verify(rng)),
    }
}

/// The `kind`-th of the calls that take the reference long.
pub(crate) fn dear(kind: u64, rng: &mut StdRng) -> Vector {
    match kind % DEAR_KINDS {
        0 => vector(0x08, bn254_pairing(rng)),
        1 => vector(0x0a, kzg_point_evaluation(rng)),
        2 => vector(0x0b, [BLS_G1, BLS_G1].concat()),
        3 => vector(0x0c, [&BLS_G1[..], &random_word(rng)].concat()),
        4 => vector(0x0d, [BLS_G2, [0; 256]].concat()),
        5 => vector(0x0e, [&BLS_G2[..], &random_word(rng)].concat()),
        6 => vector(0x0f, [&BLS_G1[..], &BLS_G2[..]].concat()),
        7 => vector(0x10, bls_field(rng).to_vec()),
        _ => vector(0x11, [bls_field(rng), bls_field(rng)].concat()),
    }
}

pub(crate) const DEAR_KINDS: u64 = 9;

fn vector(number: u16, mut input: Vec<u8>) -> Vector {
    input.truncate(MAX_INPUT_BYTES);
    Vector { address: Address::left_padding_from(&number.to_be_bytes()), input }
}

const MAX_INPUT_BYTES: usize = 1024;

fn random(rng: &mut StdRng, length_max: usize) -> Vec<u8> {
    let length = rng.random_range(0..=length_max);
    (0..length).map(|_| rng.random()).collect()
}

fn random_word(rng: &mut StdRng) -> [u8; 32] {
    rng.random()
}

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

/// Input of `0x01`: hash, v, r, s. One in four has a wrong v.
fn ecrecover(rng: &mut StdRng) -> Vec<u8> {
    let hash = B256::new(rng.random());
    let signature = Signer::new(rng.random_range(1..100)).sign_hash(hash);
    let v = 27 + u64::from(signature.v()) + if rng.random_ratio(1, 4) { 5 } else { 0 };
    [hash.0, word(v), signature.r().to_be_bytes(), signature.s().to_be_bytes()].concat()
}

/// EIP-198: three lengths, then base, exponent and modulus.
fn modexp(rng: &mut StdRng) -> Vec<u8> {
    let parts: [Vec<u8>; 3] = std::array::from_fn(|_| random(rng, 40));
    let lengths = parts.iter().flat_map(|part| U256::from(part.len()).to_be_bytes::<32>());
    lengths.chain(parts.concat()).collect()
}

/// EIP-196: the generator (1, 2) twice, or once with nothing or with a point that is not on the curve.
fn bn254_add(rng: &mut StdRng) -> Vec<u8> {
    let other = [[word(1), word(2)], [word(0), word(0)], [word(1), word(1)]][rng.random_range(0..3)];
    [word(1), word(2), other[0], other[1]].concat()
}

fn bn254_mul(rng: &mut StdRng) -> Vec<u8> {
    [word(1), word(2), random_word(rng)].concat()
}

/// EIP-197: e(G1, G2) * e(-G1, G2) = 1, or only the first half of it, or nothing.
fn bn254_pairing(rng: &mut StdRng) -> Vec<u8> {
    let minus_two = (BN254_FIELD - U256::from(2)).to_be_bytes::<32>();
    let first = [&word(1)[..], &word(2), &BN254_G2].concat();
    let second = [&word(1)[..], &minus_two, &BN254_G2].concat();
    match rng.random_range(0..3) {
        0 => Vec::new(),
        1 => first,
        _ => [first, second].concat(),
    }
}

/// EIP-152: rounds, state, message, offsets, final flag.
fn blake2f(rng: &mut StdRng) -> Vec<u8> {
    let mut input = vec![0, 0, 0, rng.random_range(0..20)];
    input.extend((0..208).map(|_| rng.random::<u8>()));
    input.push(rng.random_range(0..2));
    input
}

/// EIP-4844: the commitment to the polynomial 0 is the point at infinity, and so is the proof that it is 0 at any z.
fn kzg_point_evaluation(rng: &mut StdRng) -> Vec<u8> {
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    // sha256 of the compressed point at infinity, with the version in front.
    let versioned_hash = hex!("010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014");
    let mut z = random_word(rng);
    z[0] = 0;
    let y = word(u64::from(rng.random_ratio(1, 4)));
    [&versioned_hash[..], &z, &y, &infinity, &infinity].concat()
}

/// RIP-7212's example: hash, r, s, x, y. One in four is spoilt.
fn p256_verify(rng: &mut StdRng) -> Vec<u8> {
    let mut input = P256_SIGNED.to_vec();
    if rng.random_ratio(1, 4) {
        input[rng.random_range(0..160)] ^= 1;
    }
    input
}

/// A field element of BLS12-381, 64 bytes wide (EIP-2537).
fn bls_field(rng: &mut StdRng) -> [u8; 64] {
    let mut element = [0; 64];
    element[32..].copy_from_slice(keccak256(random_word(rng)).as_slice());
    element
}

/// The prime over which alt_bn128 is defined (EIP-196).
const BN254_FIELD: U256 = U256::from_be_bytes(hex!("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47"));

/// Generator of the second group (EIP-197), imaginary parts first.
const BN254_G2: [u8; 128] = hex!(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);

/// Generator of the first group of BLS12-381 (EIP-2537).
const BLS_G1: [u8; 128] = hex!(
    "0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    "0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"
);

/// Generator of the second group of BLS12-381 (EIP-2537).
const BLS_G2: [u8; 256] = hex!(
    "00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    "0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
    "000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"
);

const P256_SIGNED: [u8; 160] = hex!(
    "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
    "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
    "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
    "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
    "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
);
