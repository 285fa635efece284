// Why a text could not be parsed. Bad input is a value, not an exception: parsers give Parsed<T>, which holds
// either the value or one ParseError.
#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <utility>

namespace gatepost::auth {

class ParseError {
  public:
    ParseError() = default;
    // `reason`: for people, printable text without line ends.
    explicit ParseError(std::string reason) : reason_(std::move(reason)) {}
    const std::string& reason() const { return reason_; }

  private:
    std::string reason_;
};

// has_value(), operator* and operator-> for the value, error() for the error; value() is not to be used.
// Of a string: `return {boost::system::in_place_value, text}`, as a reason is a string too.
template <typename T>
using Parsed = boost::system::result<T, ParseError>;

}  // namespace gatepost::auth
