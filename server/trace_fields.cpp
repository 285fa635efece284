#include "server/trace_fields.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace gatepost::server {
namespace {

constexpr std::size_t max_value_octets =
    255;  // RFC 5321 §4.5.3.1.2: a domain; keeps each folded line below 998
constexpr std::size_t usual_field_octets = 384;  // local

bool stands_in_word(char c) {
    switch (c) {
        case '(':
        case ')':
        case '<':
        case '>':
        case '\\':
        case '"':
        case ';':
            return false;
        default:
            return ascii::is_visible(c);
    }
}

// What may stand as a word in the field: anything else, and above all blanks, parentheses and controls,
// becomes '?'. RFC 6531 §3.7.3 lets UTF-8 stand in the trace fields of internationalized mail only, so 8-bit
// octets go too.
std::string word(std::string_view text) {
    if (text.empty()) return "?";
    std::string safe(text.substr(0, max_value_octets));
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return !stands_in_word(c); }, '?');
    return safe;
}

bool can_stand_in_for(const std::string& recipient) {
    return std::all_of(recipient.begin(), recipient.end(), ascii::is_visible) &&
           recipient.find_first_of("()<>\\\"") == std::string::npos;
}

}  // namespace

std::string address_literal(const dns::IpAddress& address) {
    return address.is_v4() ? "[" + address.text() + "]" : "[IPv6:" + address.text() + "]";
}

std::string rfc5322_date(std::chrono::system_clock::time_point time) {
    using namespace std::chrono;
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<std::chrono::days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<seconds>(time - day));
    std::array<char, 64> text{};
    const int length = std::snprintf(
        text.data(), text.size(), "%s, %u %s %d %02d:%02d:%02d +0000", days[weekday(day).c_encoding()],
        static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string received_field(const TraceFacts& facts) {
    std::string field;
    field.reserve(usual_field_octets);
    field += "Received: from " + word(facts.helo) + " (";
    if (!facts.client_name.empty()) field += word(facts.client_name) + ' ';
    field += address_literal(facts.client_ip) + ")\r\n\tby " + word(facts.hostname) + " with ";
    field += facts.protocol;
    if (!facts.tls_version.empty())
        field += " (" + word(facts.tls_version) + " " + word(facts.tls_cipher) + ")";
    field += "\r\n\tid " + word(facts.id);
    if (facts.recipients.size() == 1 && can_stand_in_for(facts.recipients.front()))
        field += " for <" + facts.recipients.front() + ">";
    field += ";\r\n\t" + rfc5322_date(facts.time) + "\r\n";
    return field;
}

}  // namespace gatepost::server
