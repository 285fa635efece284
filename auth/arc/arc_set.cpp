#include "auth/arc/arc_set.hpp"

#include "auth/address_lexer.hpp"
#include "auth/dkim/signature_field.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace gatepost::auth::arc {
namespace {

constexpr FixedText results_name = "ARC-Authentication-Results";
constexpr FixedText signature_name = "ARC-Message-Signature";
constexpr FixedText seal_name = "ARC-Seal";

Reason name_of(FixedText field, unsigned instance) {
    return Reason(field).then(" i=").then(instance);
}

std::optional<ChainStatus> parse_status(std::string_view text) {
    const std::string line = unfold(text);
    std::string_view word = line;
    if (!skip_cfws(word)) return std::nullopt;
    // RFC 5234 §2.3: words in quotes compare without case.
    if (ascii::equals_ignoring_case(word, "none")) return ChainStatus::none;
    if (ascii::equals_ignoring_case(word, "pass")) return ChainStatus::pass;
    if (ascii::equals_ignoring_case(word, "fail")) return ChainStatus::fail;
    return std::nullopt;
}

}  // namespace

// Sorts the fields of a header into sets, and keeps the first thing wrong with one of them.
class SetReader::Collector {
  public:
    // False: it is no field of ARC.
    bool add(const HeaderField& field) {
        if (field.is(results_name.view()))
            add_results(field);
        else if (field.is(signature_name.view()))
            add_tagged(field, signature_name, &ArcSet::message_signature, &ArcSet::message_signature_tags);
        else if (field.is(seal_name.view()))
            add_tagged(field, seal_name, &ArcSet::seal, &ArcSet::seal_tags);
        else
            return false;
        return true;
    }

    ArcSets finish();

  private:
    // False: it is too long.
    bool may_read(const HeaderField& field, FixedText name) {
        any_ = true;
        if (field.value.size() <= dkim::maximum_field_octets) return true;
        note(Reason(name).then(" of more than ").then(dkim::maximum_field_octets).then(" octets"));
        return false;
    }

    void add_results(const HeaderField& field) {
        if (!may_read(field, results_name)) return;
        const auto instance = instance_of_results(field.value);
        if (!instance) return note(Reason(results_name).then(" without an instance"));
        put(*instance, field, results_name, &ArcSet::authentication_results);
    }

    void add_tagged(const HeaderField& field, FixedText name, const HeaderField* ArcSet::*place,
                    TagList ArcSet::*tags_place) {
        if (!may_read(field, name)) return;
        auto tags = TagList::parse(field.value);
        if (!tags) return note(Reason(name).then(": ").then(tags.error().reason()));
        // The ABNF of RFC 8617 §4.1.2 has i= first; sealers write it anywhere, as tags may stand.
        const auto value = tags->value("i");
        const auto instance = value ? parse_instance(unfold(*value)) : std::nullopt;
        if (!instance) return note(Reason(name).then(" without an instance"));
        const bool is_seal = name == seal_name;
        const auto cv = is_seal ? tags->value("cv") : std::nullopt;
        const auto status = cv ? parse_status(*cv) : std::nullopt;
        // Of several seals of one instance, too, one that says fail counts.
        if (status == ChainStatus::fail) says_fail_[*instance] = true;
        if (!put(*instance, field, name, place)) return;
        slots_[*instance].*tags_place = std::move(*tags);
        if (is_seal) slots_[*instance].status = status;
    }

    // False: the place is taken.
    bool put(unsigned instance, const HeaderField& field, FixedText name, const HeaderField* ArcSet::*place) {
        ArcSet& set = slots_[instance];
        set.instance = instance;
        if (set.*place) {
            note(name_of(name, instance).then(" twice"));
            return false;
        }
        set.*place = &field;
        return true;
    }

    void note(Reason fault) {
        if (fault_.empty()) fault_ = std::move(fault);
    }

    static Reason structure_fault(const std::vector<ArcSet>& sets);
    static Reason fault_of(const ArcSet& set);

    bool any_ = false;
    Reason fault_;
    std::array<ArcSet, maximum_instance + 1> slots_;
    std::array<bool, maximum_instance + 1> says_fail_{};
};

// RFC 8617 §5.2 step 3 A and C, for one set.
Reason SetReader::Collector::fault_of(const ArcSet& set) {
    const std::pair<FixedText, const HeaderField*> fields[] = {{results_name, set.authentication_results},
                                                               {signature_name, set.message_signature},
                                                               {seal_name, set.seal}};
    for (const auto& [name, field] : fields)
        if (!field) return Reason("no ").then(name_of(name, set.instance));
    if (!set.status) return name_of(seal_name, set.instance).then(" without a valid cv=");
    if (*set.status == ChainStatus::fail) return name_of(seal_name, set.instance).then(" says cv=fail");
    const ChainStatus expected = set.instance == 1 ? ChainStatus::none : ChainStatus::pass;
    if (*set.status == expected) return {};
    return name_of(seal_name, set.instance).then(" has a cv= that its place in the chain forbids");
}

Reason SetReader::Collector::structure_fault(const std::vector<ArcSet>& sets) {
    unsigned expected = 1;
    for (const ArcSet& set : sets) {
        if (set.instance != expected) return Reason("no ARC set i=").then(expected);  // step 3 B
        Reason fault = fault_of(set);
        if (!fault.empty()) return fault;
        ++expected;
    }
    return {};
}

ArcSets SetReader::Collector::finish() {
    ArcSets found;
    found.any = any_;
    for (ArcSet& set : slots_)
        if (set.instance != 0) found.sets.push_back(std::move(set));
    if (!found.sets.empty() && says_fail_[found.sets.back().instance]) {
        found.newest_says_fail = true;
        found.fault = name_of(seal_name, found.sets.back().instance).then(" says cv=fail");
    } else {
        found.fault = fault_.empty() ? structure_fault(found.sets) : fault_;
    }
    return found;
}

SetReader::SetReader(const HeaderBlock& header)
    : fields_(header.fields()), collector_(std::make_unique<Collector>()) {}

SetReader::~SetReader() = default;

bool SetReader::read_next() {
    while (next_ < fields_.size())
        if (collector_->add(fields_[next_++])) return true;
    return false;
}

ArcSets SetReader::finish() {
    while (read_next()) {}
    return collector_->finish();
}

std::string_view to_string(ChainStatus status) {
    switch (status) {
        case ChainStatus::none:
            return "none";
        case ChainStatus::pass:
            return "pass";
        case ChainStatus::fail:
            return "fail";
    }
    return "fail";
}

std::optional<unsigned> parse_instance(std::string_view text) {
    if (!skip_cfws(text)) return std::nullopt;
    unsigned number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && digits < 2 && ascii::is_digit(text[digits]); ++digits)
        number = number * 10 + static_cast<unsigned>(text[digits] - '0');
    if (digits == 0 || number == 0 || number > maximum_instance) return std::nullopt;
    text.remove_prefix(digits);
    if (!skip_cfws(text) || !text.empty()) return std::nullopt;
    return number;
}

std::optional<unsigned> instance_of_results(std::string_view value) {
    const std::string line = unfold(value);
    std::string_view rest = line;
    for (const char expected : {'i', '='}) {
        if (!skip_cfws(rest) || !rest.starts_with(expected)) return std::nullopt;
        rest.remove_prefix(1);
    }
    // A comment may hold a ";", so the end is looked for behind the digits.
    if (!skip_cfws(rest)) return std::nullopt;
    const std::string_view digits =
        rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size()));
    rest.remove_prefix(digits.size());
    if (!skip_cfws(rest) || !rest.starts_with(';')) return std::nullopt;
    return parse_instance(digits);
}

ArcSets collect_sets(const HeaderBlock& header) {
    return SetReader(header).finish();
}

}  // namespace gatepost::auth::arc
