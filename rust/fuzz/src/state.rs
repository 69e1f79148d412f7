//! Bytes that claim to be the state of a selection: refused in words, or a state that can be saved,
//! read again, merged and finished.

use shortlist_core::random::hash;
use shortlist_core::select::Selector;

/// The check sum of a state, which would otherwise refuse nearly all that a fuzzer thinks of.
fn check_sum(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |sum, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash(sum, 0, u64::from_le_bytes(word))
    })
}

/// See the module.
pub fn attack(data: &[u8]) {
    let _ = Selector::from_bytes(data);
    let mut bytes = b"ShrtList\x01\0\0\0".to_vec();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(&check_sum(&bytes).to_le_bytes());
    let Ok(mut state) = Selector::from_bytes(&bytes) else { return };
    let saved = state.to_bytes();
    let again = Selector::from_bytes(&saved).expect("what was saved is read");
    assert_eq!(again.to_bytes(), saved);
    // As texts, where NaN is NaN: a row that was drawn without a score has none.
    assert_eq!(format!("{:?}", again.finish()), format!("{:?}", state.finish()));
    // Rows seen by both are refused; a state that saw none merges with itself.
    let _ = state.merge(&again);
    let _ = state.finish();
}
