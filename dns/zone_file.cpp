#include "dns/zone_file.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace gatepost::dns {
namespace {

// What stands in one entry: on one line, or on several within parentheses.
struct Entry {
    std::size_t line = 0;
    bool has_owner = false;          // it does not begin with a blank
    std::vector<std::string> words;  // as written, quotes and escapes too
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

// Cuts the text into entries (RFC 1035 §5.1).
class EntryReader {
  public:
    EntryReader(std::string_view text, std::vector<ZoneFile::Error>& errors) : text_(text), errors_(errors) {}

    // nullopt: the end.
    std::optional<Entry> next() {
        Entry entry;
        while (position_ < text_.size()) {
            const char c = text_[position_];
            if (c == '\n') {
                ++position_;
                ++line_;
                begins_line_ = depth_ == 0;
                if (begins_line_ && !entry.words.empty()) return entry;
                continue;
            }
            if (is_blank(c)) {
                ++position_;
            } else if (c == ';') {
                position_ = std::min(text_.find('\n', position_), text_.size());
            } else if (c == '(' || c == ')') {
                ++position_;
                turn(c);
            } else {
                if (entry.words.empty()) begin(entry);
                entry.words.push_back(take_word());
            }
            begins_line_ = false;
        }
        if (std::exchange(depth_, 0) != 0) errors_.push_back({line_, "a parenthesis is not closed"});
        return entry.words.empty() ? std::nullopt : std::optional<Entry>(std::move(entry));
    }

  private:
    void begin(Entry& entry) {
        entry.line = line_;
        entry.has_owner = begins_line_;
    }

    void turn(char parenthesis) {
        if (parenthesis == '(')
            ++depth_;
        else if (depth_ > 0)
            --depth_;
        else
            errors_.push_back({line_, "a parenthesis closes that was not opened"});
    }

    // A quoted string ends at its quote, or with its line, which parse_local_record() then tells.
    std::string take_word() {
        const std::size_t start = position_;
        const bool quoted = text_[position_] == '"';
        if (quoted) ++position_;
        while (position_ < text_.size() && text_[position_] != '\n') {
            const char c = text_[position_];
            if (quoted ? c == '"' : is_blank(c) || c == ';' || c == '(' || c == ')' || c == '"') break;
            const bool escape = c == '\\' && position_ + 1 < text_.size() && text_[position_ + 1] != '\n';
            position_ += escape ? 2 : 1;
        }
        if (quoted && position_ < text_.size() && text_[position_] == '"') ++position_;
        return std::string(text_.substr(start, position_ - start));
    }

    std::string_view text_;
    std::vector<ZoneFile::Error>& errors_;
    std::size_t position_ = 0;
    std::size_t line_ = 1;
    std::size_t depth_ = 0;
    bool begins_line_ = true;
};

bool is_number(const std::string& word) {
    return std::all_of(word.begin(), word.end(), ascii::is_digit);
}

bool holds_names(const std::string& type) {
    return ascii::is_one_of_ignoring_case(type, {"CNAME", "MX", "NS", "PTR"});
}

class RecordWriter {
  public:
    explicit RecordWriter(ZoneFile& file) : file_(file) {}

    void take(const Entry& entry) {
        if (entry.has_owner && entry.words[0].starts_with('$')) return direct(entry);
        if (entry.has_owner) owner_ = absolute(entry.words[0]);
        if (owner_.empty()) return fail(entry, "no name: none stands here, and none before");
        std::size_t index = entry.has_owner ? 1 : 0;
        std::string text = owner_;
        bool has_ttl = false;
        for (; index < entry.words.size(); ++index) {
            const std::string& word = entry.words[index];
            const bool ttl = is_number(word);
            if (!ttl && !ascii::equals_ignoring_case(word, "IN")) break;
            has_ttl = has_ttl || ttl;
            text += ' ' + word;
        }
        if (!has_ttl && !ttl_.empty()) text += ' ' + ttl_;
        const bool named = index < entry.words.size() && holds_names(entry.words[index]);
        for (; index < entry.words.size(); ++index) {
            const bool last = index + 1 == entry.words.size();
            text += ' ' + (named && last ? absolute(entry.words[index]) : entry.words[index]);
        }
        file_.records.push_back({entry.line, std::move(text)});
    }

  private:
    void fail(const Entry& entry, std::string text) { file_.errors.push_back({entry.line, std::move(text)}); }

    void direct(const Entry& entry) {
        const std::string& word = entry.words[0];
        if (entry.words.size() != 2) return fail(entry, word + " takes one value");
        if (ascii::equals_ignoring_case(word, "$ORIGIN"))
            origin_ = absolute(entry.words[1]);
        else if (ascii::equals_ignoring_case(word, "$TTL") && is_number(entry.words[1]))
            ttl_ = entry.words[1];
        else
            fail(entry, word + " " + entry.words[1] + " is not taken; $ORIGIN NAME and $TTL SECONDS are");
    }

    std::string absolute(const std::string& name) const {
        if (name == "@" && !origin_.empty()) return origin_;
        if (name.ends_with('.') || origin_.empty()) return name;
        return origin_ == "." ? name + '.' : name + '.' + origin_;
    }

    ZoneFile& file_;
    std::string origin_;  // empty: none was given
    std::string owner_;
    std::string ttl_;
};

}  // namespace

ZoneFile read_zone_file(std::string_view text) {
    ZoneFile file;
    EntryReader entries(text, file.errors);
    RecordWriter writer(file);
    while (const std::optional<Entry> entry = entries.next())
        writer.take(*entry);
    return file;
}

}  // namespace gatepost::dns
