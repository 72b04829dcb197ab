//! Messages that pyiso8583 wrote, read and written again; what each of them is to the issuer.

use super::*;

#[test]
fn what_another_implementation_wrote_is_read_element_by_element() {
    for vector in vectors() {
        let bytes = vector.bytes();
        let message = Message::decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        let read = message.elements().map(|(number, value)| (number, value.to_vec())).collect::<BTreeMap<_, _>>();
        assert_eq!((message.mti(), read), (vector.mti(), vector.elements()), "{}", vector.name);
    }
}

#[test]
fn the_same_elements_are_written_as_it_wrote_them() {
    for vector in vectors() {
        let bytes = write(vector.mti(), &vector.elements()).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(hex::encode_upper(bytes), vector.hex, "{}", vector.name);
    }
}

#[test]
fn every_request_and_every_answer_among_them_is_understood() {
    let (mut requests, mut answers) = (0, 0);
    for vector in vectors().iter().filter(|vector| !["0304", "0600"].contains(&vector.mti.as_str())) {
        let again = if vector.mti().is_answer() {
            answers += 1;
            Response::parse(&vector.bytes()).and_then(|response| response.encode())
        } else {
            requests += 1;
            Request::parse(&vector.bytes()).map_err(|rejected| rejected.error).and_then(|request| request.encode())
        };
        let again = again.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(hex::encode_upper(again), vector.hex, "{}", vector.name);
    }
    assert_eq!((requests, answers), (18, 6));
}

#[test]
fn every_element_of_the_table_is_among_them() {
    let seen: Vec<u8> = vector("every element, short").fields.into_keys().collect();
    let all: Vec<u8> = (2..=128).filter(|number| *number != 65).collect();
    assert_eq!(seen, all);
}
