// Why a result is what it is. Its words are ours, from a closed vocabulary, and may stand in header fields
// that we write (RFC 8601 §7.1: other programs act on them). What others wrote, in a record, a tag, a name,
// and what the DNS said, is its detail: for the log, programs and people, and for no field.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gatepost::auth {

// A literal of this source; anything else does not compile. Nor does one in which a careless reader of a
// field could find the end of a value, or a result.
class FixedText {
  public:
    template <std::size_t Size>
    consteval FixedText(const char (&literal)[Size]) : text_(literal, Size - 1) {
        for (const char c : text_)
            if (c < ' ' || c > '~' || c == ';' || c == '"' || c == '\\') throw "not fit for a header field";
        for (const std::string_view result : {"dkim=", "spf=", "arc=", "iprev=", "=pass"})
            if (text_.find(result) != std::string_view::npos) throw "may look like a result";
    }
    constexpr std::string_view view() const { return text_; }
    friend constexpr bool operator==(const FixedText&, const FixedText&) = default;

  private:
    std::string_view text_;
};

class Reason {
  public:
    Reason() = default;
    explicit Reason(FixedText words, std::string detail = {})
        : words_(words.view()), detail_(std::move(detail)) {}
    // The words of an enumerator, as its to_string() has them.
    template <typename Enumeration>
    requires std::is_enum_v<Enumeration>
    explicit Reason(Enumeration enumerator) : words_(to_string(enumerator)) {}
    Reason& operator=(FixedText words) { return *this = Reason(words); }

    // Go on with more words.
    Reason& then(FixedText words) {
        words_ += words.view();
        return *this;
    }
    Reason& then(std::unsigned_integral auto number) {
        words_ += std::to_string(number);
        return *this;
    }
    // … and with another reason, its detail behind ours.
    Reason& then(const Reason& reason) {
        words_ += reason.words_;
        if (!detail_.empty() && !reason.detail_.empty()) detail_ += ": ";
        detail_ += reason.detail_;
        return *this;
    }

    // Sets the detail.
    Reason& about(std::string detail) {
        detail_ = std::move(detail);
        return *this;
    }

    bool empty() const { return words_.empty(); }
    const std::string& words() const { return words_; }
    const std::string& detail() const { return detail_; }
    // Both, for people. Whoever shows it takes care of what is not printable.
    std::string text() const { return detail_.empty() ? words_ : words_ + ": " + detail_; }

    friend bool operator==(const Reason&, const Reason&) = default;
    friend bool operator==(const Reason& reason, std::string_view text) { return reason.text() == text; }
    friend std::ostream& operator<<(std::ostream& out, const Reason& reason) { return out << reason.text(); }

  private:
    std::string words_;
    std::string detail_;
};

}  // namespace gatepost::auth
