// What readers derive from an answer rides with it.
#include "dns/answer.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

struct Length {
    std::size_t octets;
};

Answer answer_of(std::string text) {
    Answer answer;
    answer.outcome = Outcome::success;
    answer.records.emplace_back(std::move(text));
    return answer;
}

TEST(DerivedValue, is_made_once_and_kept) {
    const Answer answer = answer_of("abc");
    int made = 0;
    const auto measure = [&](const Answer& read) {
        ++made;
        return Length{std::get<std::string>(read.records.front()).size()};
    };
    EXPECT_EQ(answer.derived.get<Length>(), nullptr);
    const auto first = derive<Length>(answer, measure);
    EXPECT_EQ(first->octets, 3U);
    EXPECT_EQ(derive<Length>(answer, measure), first);
    EXPECT_EQ(made, 1);
}

TEST(DerivedValue, keeps_the_first_of_two) {
    const Answer answer = answer_of("abc");
    const auto first = std::make_shared<const Length>(Length{1});
    EXPECT_EQ(answer.derived.keep(first), first);
    EXPECT_EQ(answer.derived.keep(std::make_shared<const Length>(Length{2})), first);
}

// A sender may name a key record in its SPF record, or an SPF record as its key: the readers differ in type,
// and neither has the other's work done anew at each message.
TEST(DerivedValue, is_kept_once_a_type) {
    const Answer answer = answer_of("abc");
    const auto text = derive<std::string>(answer, [](const Answer&) { return std::string("kept"); });
    int made = 0;
    for (int i = 0; i < 2; ++i) {
        const auto length = derive<Length>(answer, [&](const Answer&) {
            ++made;
            return Length{3};
        });
        EXPECT_EQ(length->octets, 3U);
    }
    EXPECT_EQ(made, 1);
    EXPECT_EQ(answer.derived.get<Length>()->octets, 3U);
    EXPECT_EQ(answer.derived.get<std::string>(), text);
    derive<int>(answer, [](const Answer&) { return 1; });
    derive<long>(answer, [](const Answer&) { return 2L; });
    EXPECT_NE(answer.derived.get<int>(), nullptr);
    EXPECT_EQ(answer.derived.get<long>(), nullptr) << "a fourth kind is not kept";
    EXPECT_EQ(answer.derived.get<std::string>(), text);
}

TEST(DerivedValue, does_not_go_over_to_a_copy) {
    const Answer answer = answer_of("abc");
    answer.derived.keep(std::make_shared<const Length>(Length{3}));
    Answer copy = answer;
    EXPECT_EQ(copy.derived.get<Length>(), nullptr);
    copy.derived.keep(std::make_shared<const Length>(Length{4}));
    copy = answer;  // its records are others now
    EXPECT_EQ(copy.derived.get<Length>(), nullptr);
    EXPECT_EQ(answer.derived.get<Length>()->octets, 3U);
}

TEST(DerivedValue, dies_with_its_answer_and_its_readers) {
    std::weak_ptr<const Length> watched;
    std::shared_ptr<const Length> reader;
    {
        const Answer answer = answer_of("abc");
        reader = derive<Length>(answer, [](const Answer&) { return Length{3}; });
        watched = reader;
    }
    EXPECT_EQ(reader->octets, 3U);  // a message in flight outlives the cache's entry
    reader.reset();
    EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace gatepost::dns
