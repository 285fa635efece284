#include "dns/wire_message.hpp"

#include "tests/unit/dns/message_builder.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

using tests::Bytes;

Bytes bytes(std::string_view text) {
    return Bytes(text.begin(), text.end());
}

struct NameCase {
    std::string_view what;
    Bytes message;
    std::size_t offset;
    bool sound;
    std::optional<std::string> text;
    std::size_t end;
};

TEST(WireMessage, reads_names) {
    const Bytes long_label = [] {
        Bytes out{63};
        out.insert(out.end(), 63, 'a');
        return out;
    }();
    Bytes four_long;
    for (int i = 0; i < 4; ++i)
        four_long.insert(four_long.end(), long_label.begin(), long_label.end());
    four_long.push_back(0);
    Bytes dotted{63};
    dotted.insert(dotted.end(), 63, '.');
    dotted.push_back(0);

    using namespace std::string_view_literals;
    const NameCase cases[] = {
        {"root, RFC 1035 §3.1", bytes("\0"sv), 0, true, "", 1},
        {"two labels, RFC 4343 case", bytes("\1A\2bC\0"sv), 0, true, "a.bc", 6},
        {"pointer back, RFC 1035 §4.1.4", bytes("\1a\0\1b\xc0\0"sv), 3, true, "b.a", 7},
        {"pointer to a pointer", bytes("\1a\0\xc0\0\xc0\3"sv), 5, true, "a", 7},
        {"pointer to itself", bytes("\xc0\0"sv), 0, false, {}, 0},
        {"pointer forward", bytes("\xc0\2\1a\0"sv), 0, false, {}, 0},
        {"loop through a label", bytes("\1a\xc0\0"sv), 0, false, {}, 0},
        {"pointer cut", bytes("\1a\0\xc0"sv), 3, false, {}, 0},
        {"label cut", bytes("\3ab"sv), 0, false, {}, 0},
        {"no root", bytes("\1a"sv), 0, false, {}, 0},
        {"label type 01",
         bytes("\x41"
               "a\0"sv),
         0,
         false,
         {},
         0},
        {"257 octets", four_long, 0, false, {}, 0},
        {"a dot inside a label stays apart", bytes("\3a.b\1c\0"sv), 0, true, "a\\046b.c", 7},
        {"a label too long to write", dotted, 0, true, {}, 65},
        {"NUL inside a label", bytes("\3a\0b\0"sv), 0, true, std::string("a\0b"sv), 5},
        {"behind the end", bytes("\0"sv), 1, false, {}, 0},
    };
    for (const NameCase& c : cases) {
        const auto got = read_name(c.message, c.offset);
        ASSERT_EQ(got.has_value(), c.sound) << c.what;
        if (!got) continue;
        EXPECT_EQ(got->end, c.end) << c.what;
        ASSERT_EQ(got->name.has_value(), c.text.has_value()) << c.what;
        if (c.text) {
            EXPECT_EQ(got->name->text(), *c.text) << c.what;
        }
    }
}

// A chain of pointers may be as long as no honest name needs, not longer: reading stays linear.
TEST(WireMessage, bounds_chains_of_pointers) {
    for (const int pointers : {127, 128}) {
        Bytes message{0};
        for (int i = 0; i < pointers; ++i)
            tests::put_16(message, 0xc000U | static_cast<unsigned>(i == 0 ? 0 : 2 * i - 1));
        EXPECT_EQ(read_name(message, message.size() - 2).has_value(), pointers == 127);
    }
}

TEST(WireMessage, refuses_messages_cut_anywhere) {
    const Bytes whole = tests::MessageBuilder(7, tests::response_flags, "a.example", RrType::txt)
                            .answer("a.example", RrType::txt, 60, tests::txt("text"))
                            .authority("example", RrType::soa, 60, tests::soa(30))
                            .octets();
    ASSERT_TRUE(read_records(whole));
    EXPECT_EQ(read_records(whole)->size(), 2U);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(read_records(Octets(whole).first(size))) << size;
}

TEST(WireMessage, refuses_transaction_signatures_and_false_counts) {
    for (const unsigned type : {24U, 250U}) {
        tests::MessageBuilder message(7, tests::response_flags, "a.example", RrType::txt);
        message.add(Section::additional, "", type, 0, Bytes{1, 2, 3}, 255);
        EXPECT_FALSE(read_records(message.octets())) << type;
    }
    Bytes counts = tests::MessageBuilder(7, tests::response_flags, "a.example", RrType::txt).octets();
    ASSERT_TRUE(read_records(counts));
    counts[6] = counts[7] = 0xff;
    EXPECT_FALSE(read_records(counts));
    const Bytes too_long(65536, 0);
    EXPECT_FALSE(read_header(too_long));
}

}  // namespace
}  // namespace gatepost::dns
