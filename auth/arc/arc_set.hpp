// The ARC Sets of a header: fields put in order by their instance, and the structure of the chain that they
// make (RFC 8617 §4.2, §5.2 steps 1 to 3). No signature is looked at here.
#pragma once

#include "auth/message/header_block.hpp"
#include "auth/reason.hpp"
#include "auth/tag_list.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::arc {

constexpr unsigned maximum_instance = 50;  // RFC 8617 §4.2.1

enum class ChainStatus { none, pass, fail };  // cv= (RFC 8617 §3.9 chain-status)

std::string_view to_string(ChainStatus status);

// The first field of each kind that names the instance.
struct ArcSet {
    unsigned instance = 0;
    const HeaderField* authentication_results = nullptr;
    const HeaderField* message_signature = nullptr;
    const HeaderField* seal = nullptr;
    TagList message_signature_tags;
    TagList seal_tags;
    std::optional<ChainStatus> status;  // cv= of the seal; nullopt: absent, or no such word
};

struct ArcSets {
    bool any = false;               // the header has an ARC field, readable or not
    bool newest_says_fail = false;  // RFC 8617 §5.2 step 2
    std::vector<ArcSet> sets;       // in increasing order, at most maximum_instance
    // The first condition of steps 1 to 3 that is not met, for people. Empty: the sets are complete, run from
    // 1 to sets.size(), and have the cv= that they must have.
    Reason fault;
};

// Reads the ARC fields of a header, one after the other, for callers that give turns in between. A field of
// more than dkim::maximum_field_octets is a fault, and not read.
class SetReader {
  public:
    // `header` must outlive this and the sets, which refer to it.
    explicit SetReader(const HeaderBlock& header);
    ~SetReader();
    SetReader(const SetReader&) = delete;
    SetReader& operator=(const SetReader&) = delete;

    // Reads the next field. False: that was the last one.
    bool read_next();
    // Once; reads first what is left. Linear in the header.
    ArcSets finish();

  private:
    class Collector;
    const std::vector<HeaderField>& fields_;
    std::size_t next_ = 0;  // of fields_
    std::unique_ptr<Collector> collector_;
};

// All of them at once.
ArcSets collect_sets(const HeaderBlock& header);

// What "i=" holds: one or two digits, 1 to maximum_instance, blanks and comments around them (RFC 8617 §3.9
// position). The text without folds.
std::optional<unsigned> parse_instance(std::string_view text);

// The instance of an ARC-Authentication-Results field (RFC 8617 §4.1.1), of which it must be the first part,
// ended by ";". The field's value with its folds. The results behind it are not looked at.
std::optional<unsigned> instance_of_results(std::string_view value);

}  // namespace gatepost::auth::arc
