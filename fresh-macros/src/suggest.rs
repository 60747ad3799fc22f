//! What a misspelt word may have meant.

/// The nearest of these words, where it is near enough for a slip: as rustc, up to a third of the letters.
pub(crate) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let slips = |other| strsim::damerau_levenshtein(word, other);
    let nearest = among.into_iter().min_by_key(|other| slips(other))?;
    (slips(nearest) <= word.len().max(3) / 3).then_some(nearest)
}

/// "`a`, `b` and `c`"
pub(crate) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let words = ["handle_in", "handle_info", "info"];
        assert_eq!(nearest("handle_inn", words), Some("handle_in"));
        assert_eq!(nearest("hanlde_info", words), Some("handle_info"));
        assert_eq!(nearest("inof", words), Some("info"));
        assert_eq!(nearest("reconnect", words), None);
    }

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
