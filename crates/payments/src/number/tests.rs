//! Numbers that card schemes publish for testing, and texts that are none.

use super::*;

#[test]
fn published_test_numbers_hold() {
    // Visa of 13, 16 and 19 digits, American Express of 15, Diners Club of 14.
    for text in ["4222222222222", "4111111111111111", "4000000000000000006", "378282246310005", "30569309025904"] {
        let pan = Pan::parse(text).unwrap();
        assert_eq!(pan.digits(), text.as_bytes());
        assert_eq!(Token::parse(text).unwrap().digits(), text);
        for wrong in 1..10 {
            let (last, rest) = text.as_bytes().split_last().unwrap();
            let mut changed = rest.to_vec();
            changed.push(b'0' + (last - b'0' + wrong) % 10);
            assert_eq!(Pan::parse(std::str::from_utf8(&changed).unwrap()), Err(NumberError::CheckDigit));
        }
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for (text, error) in [
        ("", NumberError::Length(0)),
        ("422222222222", NumberError::Length(12)),
        ("00000000000000000000", NumberError::Length(20)),
        ("4111 1111 1111 1111", NumberError::NotDigits),
        ("411111111111111\u{0661}", NumberError::NotDigits),
        ("-111111111111111", NumberError::NotDigits),
    ] {
        assert_eq!(Pan::parse(text), Err(error), "{text}");
        assert_eq!(Token::parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_number_shows_its_first_six_and_last_four_digits_only() {
    let pan = Pan::parse("4111111111111111").unwrap();
    assert_eq!(pan.truncated(), "411111******1111");
    assert_eq!(format!("{pan:?}"), "Pan(***)");
    assert_eq!(Pan::parse("4222222222222").unwrap().truncated(), "422222***2222");
}

#[test]
fn tag_5a_goes_both_ways() {
    for (text, value) in [
        ("4111111111111111", "4111111111111111"),
        ("378282246310005", "378282246310005f"),
        ("4222222222222", "4222222222222f"),
        ("4000000000000000006", "4000000000000000006f"),
    ] {
        let token = Token::parse(text).unwrap();
        assert_eq!(hex::encode(token.to_cn()), value);
        assert_eq!(Token::from_cn(&token.to_cn()), Ok(token));
    }
    let padded = hex::decode("4111111111111111ffff").unwrap();
    assert_eq!(Token::from_cn(&padded).unwrap().digits(), "4111111111111111");
}

#[test]
fn a_bad_tag_5a_is_refused() {
    for (value, error) in [
        ("", NumberError::Length(0)),
        ("ffffffffffffffff", NumberError::Length(0)),
        ("41111111f1111111", NumberError::NotCompressed),
        ("4111111111111a11", NumberError::NotCompressed),
        ("4111111111111111ffffff", NumberError::Length(22)),
        ("4111111111111112", NumberError::CheckDigit),
    ] {
        assert_eq!(Token::from_cn(&hex::decode(value).unwrap()), Err(error), "{value}");
    }
}

#[test]
fn a_concealed_token_shows_its_first_six_and_last_four_digits_only() {
    for (text, concealed) in [
        ("4222222222222", "4222228002222"),
        ("378282246310005", "378282300000005"),
        ("4111111111111111", "4111119000001111"),
        ("4111111234621111", "4111119000001111"),
        ("4000000000000000006", "4000000000000000006"),
    ] {
        let token = Token::parse(text).unwrap().concealed();
        assert_eq!(token, Token::parse(concealed).unwrap());
        assert_eq!(token.concealed(), token);
    }
}

#[test]
fn a_token_is_written_as_text() {
    let token = Token::parse("4111111111111111").unwrap();
    let json = serde_json::to_string(&token).unwrap();
    assert_eq!(json, "\"4111111111111111\"");
    assert_eq!(serde_json::from_str::<Token>(&json).unwrap(), token);
    assert!(serde_json::from_str::<Token>("\"4111111111111112\"").is_err());
}

#[test]
fn an_expiry_ends_with_the_last_day_of_its_month() {
    for (text, date) in [("2802", "280229"), ("2702", "270228"), ("0012", "001231"), ("9904", "990430")] {
        let expiry = Expiry::parse(text).unwrap();
        assert_eq!(hex::encode(expiry.to_date()), date);
        assert_eq!(expiry.to_string(), text);
    }
    for text in ["", "2800", "2813", "28021", "2a01", "+101", "28 1"] {
        assert_eq!(Expiry::parse(text), Err(NumberError::Expiry), "{text}");
    }
}
