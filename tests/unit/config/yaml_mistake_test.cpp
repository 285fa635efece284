// Files that are not YAML: what people get wrong, and the words and places in which it is told.
#include "tests/unit/config/tables.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace gatepost::config {
namespace {

const std::string tab =
    "a tab before the first word: YAML takes blanks alone there; write two blanks for each tab";

std::string wrong(const std::string& blanks, const std::string& expected) {
    return "wrong indentation: " + blanks + ", where the lines above have " + expected +
           "; keys of one section, and items of one list, stand in one column";
}

TEST(YamlMistake, finds_tabs) {
    expect_each_alone({
        {"log:\n\tlevel: info\n", "5:1: " + tab},
        {"\tlog: {level: info}\n", "4:1: " + tab},
        {"log:\n  \tlevel: info\n", "5:3: " + tab},
        {"policy:\n  own_networks:\n\t- 10.0.0.0/8\n", "6:1: " + tab},
        {"log:\r\n\tlevel: info\r\n", "5:1: " + tab},
    });
    // Every one of them, so that they are mended in one go; comments may have theirs.
    const auto many =
        load_text(base + "log:\n\tlevel: info\n\t# a comment\n\tformat: text\n", "g.yaml", today);
    EXPECT_EQ(texts(many.problems), (std::vector{"g.yaml:5:1: " + tab, "g.yaml:7:1: " + tab}));
    // Where it does no harm it is none of our business.
    for (const auto* harmless : {"log:\n  level:\tinfo\n", "log: {level: info}\t# a comment\n",
                                 "log:\n\t\n  level: info\n", "domains: [a.example,\n\tb.example]\n"}) {
        const std::string yaml =
            std::string(harmless).starts_with("domains")
                ? "hostname: mx.example.com\nrelay: {to: [mail]}\n" + std::string(harmless)
                : base + harmless;
        EXPECT_TRUE(load_text(yaml, "g.yaml", today).config) << harmless;
    }
}

TEST(YamlMistake, finds_wrong_columns) {
    expect_each_alone({
        {"log:\n  level: info\n   format: text\n", "6:4: " + wrong("3 blanks", "0 or 2")},
        {"log:\n  level: info\n format: text\n", "6:2: " + wrong("1 blank", "0 or 2")},
        {"log:\n   level: info\n  format: text\n", "6:3: " + wrong("2 blanks", "0 or 3")},
        {" log:\n  level: info\n", "4:2: " + wrong("1 blank", "0")},
        {"policy:\n  mode: monitor\n    on_reject: reject\n", "6:5: " + wrong("4 blanks", "0 or 2")},
        {"listeners:\n- address: 127.0.0.1:25\n  tls: off\n - address: '[::1]:25'\n",
         "7:2: " + wrong("1 blank", "0 or 2")},
        {"policy:\n  exemptions:\n    - id: x\n       owner: y\n",
         "7:8: " + wrong("7 blanks", "0, 2, 4 or 6")},
        {"policy:\n  exemptions:\n    - id: x\n     owner: y\n", "7:6: " + wrong("5 blanks", "0, 2, 4 or 6")},
    });
}

// The parser gives up at the line that follows; told is the one to mend.
TEST(YamlMistake, finds_keys_without_a_colon) {
    const std::string rest = "domains: [example.com]\nrelay: {to: [mail.example.com]}\n";
    const std::vector<Bad> first = {
        {"hostname:mx1.example.com\n" + rest, "1:1: write a blank behind \"hostname:\""},
        {"hostname = mx1.example.com\n" + rest, "1:1: write \"hostname: \" in place of \"hostname =\""},
        {"hostname=mx1.example.com\n" + rest, "1:1: write \"hostname: \" in place of \"hostname =\""},
        {"hostname:\u00A0mx1.example.com\n" + rest,
         "1:1: a no-break space behind \"hostname:\": YAML takes a plain blank alone there"},
        {"hostname mx1.example.com\n" + rest, "1:1: a ':' is missing behind \"hostname\""},
    };
    for (const auto& row : first)
        EXPECT_EQ(texts(load_text(row.yaml, "g.yaml", today).problems), std::vector{"g.yaml:" + row.problem})
            << row.yaml;
    expect_each_alone({
        {"policy:[]\nlog: {level: info}\n", "4:1: write a blank behind \"policy:\""},
        {"log\n  level: info\n", "4:1: a ':' is missing behind \"log\""},
        {"log # mine\n  level: info\n", "4:1: a ':' is missing behind \"log\""},
        {"log\nhttp: {token: x}\n", "4:1: a ':' is missing behind \"log\""},
        {"log:\n  level:info\n  format: text\n", "5:3: write a blank behind \"level:\""},
        {"log:\n  level: info\n  format text\nhttp: {token: x}\n", "6:3: a ':' is missing behind \"format\""},
        {"policy:\n  exemptions:\n    - id:x\n      owner: y\n", "6:7: write a blank behind \"id:\""},
        // The value of the line before goes on.
        {"policy:\n  exemptions:\n    - id: x\n      reason: a\n        text\n       owner: y\n",
         "9:8: " + wrong("7 blanks", "0, 2, 4, 6 or 8")},
    });
}

TEST(YamlMistake, finds_items_below_an_empty_list) {
    const std::string told = "says that there is nothing, but line ";
    expect_each_alone({
        {"policy:\n  exemptions: []\n    - id: x\n      when: {client_ip: 10.0.0.1}\n",
         "5:15: exemptions: \"[]\" " + told + "6 goes on with more; take \"[]\" out"},
        {"policy:\n  exemptions: []      # mail that must not be lost\n  # - id: x\n\n  - id: x\n",
         "5:15: exemptions: \"[]\" " + told + "8 goes on with more; take \"[]\" out"},
        {"policy:\n  exemptions:   []\n    id: x\n",
         "5:17: exemptions: \"[]\" " + told + "6 goes on with more; take \"[]\" out"},
        {"log: {}\n  level: info\n", "4:6: log: \"{}\" " + told + "5 goes on with more; take \"{}\" out"},
        {"tls:\n  certificates:\n    - names: []\n        - a.example\n",
         "6:14: names: \"[]\" " + told + "7 goes on with more; take \"[]\" out"},
    });
}

// default.yaml with an example made use of: each "# " in front of the lines that belong to one taken out.
TEST(YamlMistake, finds_every_example_of_the_default_file_below_its_empty_list) {
    std::ifstream file(std::string(GATEPOST_SOURCE) + "/config/default.yaml");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    std::size_t found = 0;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        const auto empty = lines[i].find(": []");
        if (empty == std::string::npos || lines[i + 1].find("# - ") == std::string::npos) continue;
        ++found;
        std::string text;
        for (std::size_t n = 0; n < lines.size(); ++n) {
            std::string line = lines[n];
            if (const auto sign = line.find("# "); n == i + 1 && sign != std::string::npos)
                line.erase(sign, 2);
            text += line + '\n';
        }
        const auto result = load_text(text, "g.yaml", today);
        ASSERT_EQ(result.problems.size(), 1U) << lines[i];
        EXPECT_EQ(result.problems[0].line, i + 1) << result.problems[0].text();
        EXPECT_NE(result.problems[0].message.find("take \"[]\" out"), std::string::npos);
    }
    EXPECT_GE(found, 3U);  // exemptions, rate_limits, dnsbl
}

TEST(YamlMistake, finds_what_must_be_quoted) {
    expect_each_alone({
        {"policy: {enforce: [*.example.com]}\n",
         "4:20: a value that begins with * must be quoted: write \"*.example.com\""},
        {"policy:\n  enforce:\n    - *.example.com\n",
         "6:7: a value that begins with * must be quoted: write \"*.example.com\""},
        {"http: {token: @secret}\n", "4:15: a value that begins with @ must be quoted: write \"@secret\""},
        {"http:\n  token: %secret # mine\n",
         "5:10: a value that begins with % must be quoted: write \"%secret\""},
        {"listeners:\n  - address: [::1]:25\n",
         "5:19: nothing can follow the ]; put the whole value in quotes, like \"[::1]:25\""},
        {"policy:\n  exemptions:\n    - id: x\n      reason: it is: so\n",
         "7:20: a second \": \" in one line; put the value in quotes, or the second key into a line of its "
         "own"},
        {"log: level: info\n",
         "4:11: a second \": \" in one line; put the value in quotes, or the second key into a line of its "
         "own"},
    });
}

TEST(YamlMistake, finds_what_is_not_closed) {
    expect_each_alone({
        {"policy: {mode: monitor\nlog: {level: info}\n",
         "4:9: the { that opens here is closed nowhere below"},
        {"policy:\n  own_networks: [10.0.0.0/8 # it's ours\n  mode: monitor\n",
         "5:17: the [ that opens here is closed nowhere below"},
        {"policy: [\n", "4:9: the [ that opens here is closed nowhere below"},
        {"tls: {certificate: \"/etc/x}\n", "4:20: the \" that opens here is closed nowhere below"},
    });
}

}  // namespace
}  // namespace gatepost::config
