// Why a text could not be parsed. Bad input is a value, not an exception: parsers give Parsed<T>, which holds
// either the value or one ParseError.
#pragma once

#include "auth/reason.hpp"

#include <boost/system/result.hpp>

#include <utility>

namespace gatepost::auth {

class ParseError {
  public:
    ParseError() = default;
    explicit ParseError(FixedText words) : reason_(words) {}
    explicit ParseError(Reason reason) : reason_(std::move(reason)) {}
    const Reason& reason() const { return reason_; }

  private:
    Reason reason_;
};

// has_value(), operator* and operator-> for the value, error() for the error; value() is not to be used.
template <typename T>
using Parsed = boost::system::result<T, ParseError>;

}  // namespace gatepost::auth
