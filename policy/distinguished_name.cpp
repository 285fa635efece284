#include "policy/distinguished_name.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gatepost::policy {
namespace {

struct ShortName {
    std::string_view name;
    std::string_view type;
};

// RFC 4514 §3; behind those, what OpenSSL prints for other types that internal authorities use.
constexpr std::array short_names{
    ShortName{"CN", "2.5.4.3"},
    ShortName{"L", "2.5.4.7"},
    ShortName{"ST", "2.5.4.8"},
    ShortName{"O", "2.5.4.10"},
    ShortName{"OU", "2.5.4.11"},
    ShortName{"C", "2.5.4.6"},
    ShortName{"STREET", "2.5.4.9"},
    ShortName{"DC", "0.9.2342.19200300.100.1.25"},
    ShortName{"UID", "0.9.2342.19200300.100.1.1"},
    ShortName{"emailAddress", "1.2.840.113549.1.9.1"},
    ShortName{"serialNumber", "2.5.4.5"},
    ShortName{"SN", "2.5.4.4"},
    ShortName{"GN", "2.5.4.42"},
    ShortName{"title", "2.5.4.12"},
};

constexpr std::string_view special = "\"+,;<>\\";  // RFC 4514 §2.4

bool is_oid(std::string_view text) {
    bool digit_before = false;
    bool dotted = false;
    for (const char c : text) {
        if (c == '.' && !digit_before) return false;
        if (c != '.' && !ascii::is_digit(c)) return false;
        dotted = dotted || c == '.';
        digit_before = c != '.';
    }
    return dotted && digit_before;
}

std::optional<std::string> type_of(std::string_view name) {
    for (const ShortName& known : short_names)
        if (ascii::equals_ignoring_case(known.name, name)) return std::string(known.type);
    return is_oid(name) ? std::optional<std::string>(name) : std::nullopt;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = ascii::to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Reads the text from its front, one part after the other.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::optional<NameAttribute> attribute() {
        const auto equals = rest_.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        auto type = type_of(ascii::trim(rest_.substr(0, equals)));
        rest_.remove_prefix(equals + 1);
        auto read = value();
        if (!type || !read || read->empty()) return std::nullopt;
        return NameAttribute{std::move(*type), std::move(*read)};
    }

  private:
    // Up to an unescaped ',' or '+'. Blanks at its ends count only where they are escaped.
    std::optional<std::string> value() {
        while (take(' ')) {}
        if (!rest_.empty() && rest_.front() == '#') return std::nullopt;
        std::string read;
        std::size_t kept = 0;  // octets that trimming must leave
        while (!rest_.empty() && rest_.front() != ',' && rest_.front() != '+') {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '\\') {
                if (!escaped(read)) return std::nullopt;
                kept = read.size();
                continue;
            }
            if (special.find(c) != std::string_view::npos || c == '\0') return std::nullopt;
            read += c;
            if (c != ' ') kept = read.size();
        }
        read.resize(kept);
        return read;
    }

    bool escaped(std::string& read) {
        if (rest_.empty()) return false;
        const int high = hex_digit(rest_.front());
        if (high >= 0) {
            const int low = rest_.size() > 1 ? hex_digit(rest_[1]) : -1;
            if (low < 0) return false;
            read += static_cast<char>(high * 16 + low);
            rest_.remove_prefix(2);
            return true;
        }
        constexpr std::string_view may_be_escaped = " #=";
        const char c = rest_.front();
        if (special.find(c) == std::string_view::npos && may_be_escaped.find(c) == std::string_view::npos)
            return false;
        read += c;
        rest_.remove_prefix(1);
        return true;
    }

    std::string_view rest_;
};

void write(const NameAttribute& attribute, std::string& text) {
    const auto known = std::find_if(short_names.begin(), short_names.end(), [&](const ShortName& candidate) {
        return candidate.type == attribute.type;
    });
    text.append(known == short_names.end() ? std::string_view(attribute.type) : known->name).append("=");
    const std::string& value = attribute.value;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool at_an_end = i == 0 || i + 1 == value.size();
        if (value[i] == '\0') {
            text += "\\00";
            continue;
        }
        if (special.find(value[i]) != std::string_view::npos || (at_an_end && value[i] == ' ') ||
            (i == 0 && value[i] == '#'))
            text += '\\';
        text += value[i];
    }
}

}  // namespace

std::optional<DistinguishedName> DistinguishedName::parse(std::string_view text) {
    Reader reader(text);
    DistinguishedName name;
    do {
        std::vector<NameAttribute> relative_name;
        do {
            auto attribute = reader.attribute();
            if (!attribute) return std::nullopt;
            relative_name.push_back(std::move(*attribute));
        } while (reader.take('+'));
        name.append(std::move(relative_name));
    } while (reader.take(','));
    if (!reader.at_end()) return std::nullopt;
    return name;
}

void DistinguishedName::append(std::vector<NameAttribute> relative_name) {
    std::sort(relative_name.begin(), relative_name.end());
    relative_names_.push_back(std::move(relative_name));
}

std::string DistinguishedName::text() const {
    std::string text;
    for (const auto& relative_name : relative_names_) {
        if (!text.empty()) text += ',';
        bool first = true;
        for (const NameAttribute& attribute : relative_name) {
            if (!std::exchange(first, false)) text += '+';
            write(attribute, text);
        }
    }
    return text;
}

}  // namespace gatepost::policy
