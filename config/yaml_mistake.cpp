#include "config/yaml_mistake.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace gatepost::config {
namespace {

constexpr std::string_view blanks = " \t";

// A line that is neither empty nor a comment.
struct Line {
    unsigned number = 0;
    std::string_view indent;  // blanks and tabs before the content
    std::string_view content;

    unsigned columns() const { return static_cast<unsigned>(indent.size()); }
    bool has_tab() const { return indent.find('\t') != std::string_view::npos; }
    bool is_item() const { return content == "-" || content.starts_with("- "); }
};

std::vector<Line> lines_of(std::string_view yaml) {
    std::vector<Line> lines;
    for (unsigned number = 1; !yaml.empty(); ++number) {
        const std::size_t end = std::min(yaml.find('\n'), yaml.size());
        std::string_view text = yaml.substr(0, end);
        yaml.remove_prefix(std::min(end + 1, yaml.size()));
        if (text.ends_with('\r')) text.remove_suffix(1);
        const std::size_t begin = text.find_first_not_of(blanks);
        if (begin == std::string_view::npos || text[begin] == '#') continue;
        lines.push_back({number, text.substr(0, begin), text.substr(begin)});
    }
    return lines;
}

// Where the content of an item begins: behind "- ", also behind several.
std::size_t item_offset(std::string_view content) {
    std::size_t offset = 0;
    while (content.substr(offset).starts_with("- "))
        offset = std::min(content.find_first_not_of(' ', offset + 1), content.size());
    return offset;
}

std::string counted(unsigned columns) {
    return columns == 0 ? "no blanks" : std::to_string(columns) + (columns == 1 ? " blank" : " blanks");
}

// After how many blanks the sections and lists begin that are open above `line`.
std::vector<unsigned> open_columns(const std::vector<Line>& lines, const Line& line) {
    std::vector<unsigned> open;
    for (const Line& above : lines) {
        if (above.number >= line.number) break;
        for (const std::size_t offset : {std::size_t{0}, item_offset(above.content)}) {
            const auto column = above.columns() + static_cast<unsigned>(offset);
            while (!open.empty() && open.back() > column)
                open.pop_back();
            if (open.empty() || open.back() < column) open.push_back(column);
        }
    }
    return open;
}

bool contains(const std::vector<unsigned>& columns, unsigned column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

// "0, 2 or 4"
std::string listed(const std::vector<unsigned>& open) {
    std::string text;
    for (std::size_t i = 0; i < open.size(); ++i)
        text += (i == 0 ? "" : i + 1 == open.size() ? " or " : ", ") + std::to_string(open[i]);
    return text;
}

class Explanation {
  public:
    Explanation(std::string_view yaml, Position where, const std::string& reported)
        : yaml_(yaml), lines_(lines_of(yaml)), where_(where), reported_(reported) {
        for (std::size_t i = 0; i < lines_.size() && lines_[i].number <= where.line; ++i) {
            if (lines_[i].number < where.line) above_ = &lines_[i];
            if (lines_[i].number == where.line) line_ = &lines_[i];
        }
    }

    std::vector<YamlMistake> all() const {
        if (auto tabs = tabs_found(); !tabs.empty()) return tabs;
        for (const auto explain :
             {&Explanation::below_nothing, &Explanation::unquoted, &Explanation::not_closed,
              &Explanation::behind_an_end, &Explanation::two_in_a_line, &Explanation::no_colon,
              &Explanation::wrong_column})
            if (auto found = (this->*explain)()) return {*found};
        return {{where_, "not YAML: " + reported_}};
    }

  private:
    bool says(std::string_view words) const { return reported_.find(words) != std::string::npos; }

    // Each of them, as an editor that made one made more.
    std::vector<YamlMistake> tabs_found() const {
        std::vector<YamlMistake> tabs;
        if (!(line_ && line_->has_tab()) && !(above_ && above_->has_tab())) return tabs;
        for (const Line& line : lines_)
            if (line.has_tab())
                tabs.push_back(
                    {{line.number, static_cast<unsigned>(line.indent.find('\t')) + 1},
                     "a tab before the first word: YAML takes blanks alone there; write two blanks for "
                     "each tab"});
        return tabs;
    }

    // `exemptions: []` with items below it, as in default.yaml once its example is made use of.
    std::optional<YamlMistake> below_nothing() const {
        if (!line_ || !above_) return std::nullopt;
        const std::string_view key_and_value = above_->content.substr(item_offset(above_->content));
        const std::size_t colon = key_and_value.find(": ");
        if (colon == std::string_view::npos) return std::nullopt;
        const std::size_t begin = key_and_value.find_first_not_of(' ', colon + 1);
        if (begin == std::string_view::npos) return std::nullopt;
        const std::string_view value = key_and_value.substr(begin);
        const bool list = value.starts_with("[]");
        if (!list && !value.starts_with("{}")) return std::nullopt;
        const std::string_view rest = value.substr(2);
        const std::size_t more = rest.find_first_not_of(blanks);
        if (more != std::string_view::npos && (more == 0 || rest[more] != '#')) return std::nullopt;
        const std::size_t column = above_->columns() + item_offset(above_->content);
        if (line_->columns() < column || (line_->columns() == column && !line_->is_item()))
            return std::nullopt;
        const std::string sign = list ? "[]" : "{}";
        return YamlMistake{{above_->number, static_cast<unsigned>(column + begin) + 1},
                           std::string(key_and_value.substr(0, colon)) + ": \"" + sign +
                               "\" says that there is nothing, but line " + std::to_string(line_->number) +
                               " goes on with more; take \"" + sign + "\" out"};
    }

    // `[*.example.com]`, `%x`, `@x`.
    std::optional<YamlMistake> unquoted() const {
        if (!says("unknown token") && !says("anchor is not defined")) return std::nullopt;
        const std::string_view word = word_at(where_);
        if (word.empty() || std::string_view("*@%`").find(word.front()) == std::string_view::npos)
            return std::nullopt;
        return YamlMistake{where_, "a value that begins with " + std::string(1, word.front()) +
                                       " must be quoted: write \"" + std::string(word) + '"'};
    }

    std::string_view word_at(Position where) const {
        if (!line_ || where.column <= line_->columns()) return {};
        const std::size_t begin = where.column - 1 - line_->columns();
        if (begin >= line_->content.size()) return {};
        const std::string_view rest = line_->content.substr(begin);
        return rest.substr(0, rest.find_first_of(" \t,]}"));
    }

    // The last bracket or quote that nothing closes.
    std::optional<YamlMistake> not_closed() const {
        if (!says("flow not found") && !says("EOF")) return std::nullopt;
        const std::optional<Opening> open = last_open();
        if (!open) return std::nullopt;
        return YamlMistake{open->where,
                           std::string("the ") + open->sign + " that opens here is closed nowhere below"};
    }

    struct Opening {
        char sign;
        Position where;
    };

    std::optional<Opening> last_open() const {
        std::vector<Opening> brackets;
        std::optional<Opening> quote;
        bool is_comment = false;
        char previous = '\n';
        char word = '\n';  // the last that was no blank
        Position at;
        for (const char c : yaml_) {
            const bool begins_value = std::string_view(":,[{-\n").find(word) != std::string_view::npos;
            if (is_comment) {
                is_comment = c != '\n';
            } else if (quote) {
                if (c == quote->sign) quote.reset();
            } else if (c == '#' && (previous == ' ' || previous == '\t' || previous == '\n')) {
                is_comment = true;
            } else if ((c == '"' || c == '\'') && begins_value) {
                quote = Opening{c, at};
            } else if ((c == '[' || c == '{') && begins_value) {
                brackets.push_back({c, at});
            } else if ((c == ']' || c == '}') && !brackets.empty()) {
                brackets.pop_back();
            }
            if (c != ' ' && c != '\t' && !is_comment) word = c;
            previous = c;
            at = c == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
        }
        if (quote || brackets.empty()) return quote;
        return brackets.back();
    }

    // `address: [::1]:25`
    std::optional<YamlMistake> behind_an_end() const {
        if (!line_ || where_.column < line_->columns() + 2) return std::nullopt;
        const std::size_t index = where_.column - 1 - line_->columns();
        if (index > line_->content.size()) return std::nullopt;
        const char before = line_->content[index - 1];
        if (std::string_view("]}\"'").find(before) == std::string_view::npos) return std::nullopt;
        return YamlMistake{where_, std::string("nothing can follow the ") + before +
                                       "; put the whole value in quotes, like \"[::1]:25\""};
    }

    // `reason: cron: the backup`
    std::optional<YamlMistake> two_in_a_line() const {
        if (!line_ || !says("illegal map value")) return std::nullopt;
        const std::size_t first = line_->content.find(": ");
        const std::size_t index = where_.column - 1 - line_->columns();
        if (first == std::string_view::npos || index <= first) return std::nullopt;
        return YamlMistake{where_,
                           "a second \": \" in one line; put the value in quotes, or the second key into a "
                           "line of its own"};
    }

    bool is_about_columns() const {
        return says("illegal map value") || says("end of map not found") || says("end of sequence not found");
    }

    // `hostname:mx1.example.com`, `hostname = x`, `relay`: a word and no key, which the parser only misses at
    // the next line.
    std::optional<YamlMistake> no_colon() const {
        if (!is_about_columns()) return std::nullopt;
        for (const Line* line : {above_, line_}) {
            if (!line || !may_begin_a_key(*line)) continue;
            const std::string wrong = wrong_behind_key(line->content.substr(item_offset(line->content)));
            if (wrong.empty()) continue;
            const auto column = line->columns() + static_cast<unsigned>(item_offset(line->content));
            return YamlMistake{{line->number, column + 1}, wrong};
        }
        return std::nullopt;
    }

    // Not a line that goes on with the value of the one before.
    bool may_begin_a_key(const Line& line) const {
        const std::vector<unsigned> open = open_columns(lines_, line);
        if (open.empty() || contains(open, line.columns())) return true;
        const Line* before = nullptr;
        for (const Line& other : lines_)
            if (other.number < line.number) before = &other;
        return before && before->content.ends_with(':');
    }

    // Empty where a key's ':' is at its place, or where this is no key.
    static std::string wrong_behind_key(std::string_view content) {
        constexpr std::string_view no_break_space = "\xC2\xA0";
        const std::size_t end =
            std::min(content.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), content.size());
        const std::string key(content.substr(0, end));
        if (key.empty()) return {};
        const std::string_view rest = content.substr(end);
        if (rest.starts_with(':')) {
            const std::string_view value = rest.substr(1);
            if (value.empty() || blanks.find(value.front()) != std::string_view::npos) return {};
            if (value.starts_with(no_break_space))
                return "a no-break space behind \"" + key + ":\": YAML takes a plain blank alone there";
            return "write a blank behind \"" + key + ":\"";
        }
        const std::size_t next = std::min(rest.find_first_not_of(blanks), rest.size());
        if (rest.substr(next).starts_with('='))
            return "write \"" + key + ": \" in place of \"" + key + " =\"";
        if (rest.substr(next).starts_with(':')) return {};  // `relay :` is YAML
        return next > 0 || rest.empty() ? "a ':' is missing behind \"" + key + '"' : "";
    }

    std::optional<YamlMistake> wrong_column() const {
        if (!line_ || !above_ || !is_about_columns()) return std::nullopt;
        const std::vector<unsigned> open = open_columns(lines_, *line_);
        if (contains(open, line_->columns())) return std::nullopt;
        return YamlMistake{{line_->number, line_->columns() + 1},
                           "wrong indentation: " + counted(line_->columns()) +
                               ", where the lines above have " + listed(open) +
                               "; keys of one section, and items of one list, stand in one column"};
    }

    std::string_view yaml_;
    std::vector<Line> lines_;
    Position where_;
    const std::string& reported_;
    const Line* line_ = nullptr;   // where the parser gave up; null: beyond the last, or a comment
    const Line* above_ = nullptr;  // the one before it
};

}  // namespace

std::vector<YamlMistake> explain_yaml_error(std::string_view yaml, Position where,
                                            const std::string& reported) {
    return Explanation(yaml, where, reported).all();
}

}  // namespace gatepost::config
