#include "dns/zone_file.hpp"

#include "dns/local_records.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

struct Case {
    std::string_view what;
    std::string_view file;
    std::vector<std::string> records;
    std::vector<std::string> errors = {};  // "LINE text"
};

const Case cases[] = {
    {"records as the configuration has them",
     "a.example. TXT \"v=spf1 -all\"\nb.example A 192.0.2.1\n",
     {"a.example. TXT \"v=spf1 -all\"", "b.example A 192.0.2.1"}},
    {"comments and blank lines",
     "; nothing\n\n  \na.example. A 192.0.2.1 ; one\n\t; more\n",
     {"a.example. A 192.0.2.1"}},
    {"no line end at the end", "a.example. A 192.0.2.1", {"a.example. A 192.0.2.1"}},
    {"lines of other systems",
     "a.example. A 192.0.2.1\r\n  AAAA 2001:db8::1\r\n",
     {"a.example. A 192.0.2.1", "a.example. AAAA 2001:db8::1"}},
    {"the owner before",
     "a.example. A 192.0.2.1\n    300 IN TXT \"x\"\n",
     {"a.example. A 192.0.2.1", "a.example. 300 IN TXT \"x\""}},
    {"$ORIGIN, @ and relative names",
     "$ORIGIN example.\n@ MX 10 mail\nmail A 192.0.2.1\nwww CNAME @\nout CNAME host.test.\n$origin sub\nx NS "
     "ns\n",
     {"example. MX 10 mail.example.", "mail.example. A 192.0.2.1", "www.example. CNAME example.",
      "out.example. CNAME host.test.", "x.sub.example. NS ns.sub.example."}},
    {"the root as origin", "$ORIGIN .\nexample A 192.0.2.1\n", {"example. A 192.0.2.1"}},
    {"$TTL where the record has none",
     "$TTL 60\na. A 192.0.2.1\nb. 30 IN A 192.0.2.1\nc. IN 30 A 192.0.2.1\n",
     {"a. 60 A 192.0.2.1", "b. 30 IN A 192.0.2.1", "c. IN 30 A 192.0.2.1"}},
    {"parentheses over lines, comments within",
     "a.example. TXT ( \"v=DKIM1; \" ; the key\n \"p=ab(c)\" )\nb. A 192.0.2.1",
     {"a.example. TXT \"v=DKIM1; \" \"p=ab(c)\"", "b. A 192.0.2.1"}},
    {"escapes", "a. TXT \"say \\\"; no\" x\\;y\n", {"a. TXT \"say \\\"; no\" x\\;y"}},
    {"a parenthesis left open", "a. TXT ( \"x\"\n", {"a. TXT \"x\""}, {"2 a parenthesis is not closed"}},
    {"one too many", "a. TXT \"x\" )\n", {"a. TXT \"x\""}, {"1 a parenthesis closes that was not opened"}},
    {"no owner", "\n  A 192.0.2.1\n", {}, {"2 no name: none stands here, and none before"}},
    {"$INCLUDE",
     "$INCLUDE other\n",
     {},
     {"1 $INCLUDE other is not taken; $ORIGIN NAME and $TTL SECONDS are"}},
    {"$TTL without", "$TTL\n", {}, {"1 $TTL takes one value"}},
};

TEST(ZoneFile, reads_master_files) {
    for (const Case& c : cases) {
        const ZoneFile file = read_zone_file(c.file);
        std::vector<std::string> records;
        for (const ZoneFile::Record& record : file.records)
            records.push_back(record.text);
        EXPECT_EQ(records, c.records) << c.what;
        std::vector<std::string> errors;
        for (const ZoneFile::Error& error : file.errors)
            errors.push_back(std::to_string(error.line) + ' ' + error.text);
        EXPECT_EQ(errors, c.errors) << c.what;
    }
}

// A quotation mark that is not closed ends with its line and is told there, not at the end of the file.
TEST(ZoneFile, a_broken_line_breaks_no_other) {
    const ZoneFile file = read_zone_file("a. TXT \"open\nb. A 192.0.2.1\n");
    ASSERT_EQ(file.records.size(), 2U);
    EXPECT_EQ(parse_local_record(file.records[0].text).error, "a quoted string is not closed");
    EXPECT_TRUE(parse_local_record(file.records[1].text).record);
    EXPECT_EQ(file.records[1].line, 2U);
}

}  // namespace
}  // namespace gatepost::dns
