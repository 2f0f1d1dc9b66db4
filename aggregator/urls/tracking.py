"""Which query parameters track the reader: a deny-list, because content ids live in queries too."""

from collections.abc import Iterable
from urllib.parse import unquote

# They say where a click came from, never which article it leads to. A trailing `*` drops all that
# start so; `name=value` drops only that value. What is not listed stays (`?ELEMENT_ID=83075` is an
# article). All in lower case, matched without regard to case.
TRACKING_PARAMETERS = """
    utm_* ga_* gclid gclsrc dclid gbraid wbraid _ga _gl gs_l srsltid fbclid fb_action_ids
    fb_action_types fb_comment_id fb_ref fb_source action_object_map action_type_map action_ref_map igsh
    igshid twclid __twitter_impression ref_src ref_url ttclid li_fat_id epik rdt_cid sccid msclkid yclid
    ysclid _openstat erid irclickid irgwc gad_source gad_campaignid spm campaign_medium campaign_name
    campaign_source campaign_term campaign_content wickedid rb_clickid mc_cid mc_eid mc_tc _hsenc _hsmi
    __hssc __hstc __hsfp hsctatracking hsa_* mkt_tok ml_subscriber ml_subscriber_hash oly_anon_id
    oly_enc_id vero_id vero_conv bsft_* sc_cid s_cid _bhlid _branch_match_id _branch_referrer __s hmb_*
    itm_* trk_* mtm_* pk_* piwik_* matomo_* xtor at_medium at_campaign at_custom* at_link_* at_bbc_team
    at_ptr_* wt_mc wt.mc_id wtrid ns_* cmpid emc tracking_source echobox ncid ocid smid smtyp ito bxid
    cndid taid guccounter guce_referrer guce_referrer_sig soc_src soc_trk sr_share sref srnd tpcc
    linkid_src __readwiselocation
    from=rss source=rss src=rss ref=rss rss=1 rss=yes feed=rss track=rss cmp=rss
"""
# The same article for another device: dropped from the folded key only. A bare name means no value.
VARIANT_PARAMETERS = "amp amp=1 outputtype=amp output=amp mobile=1 view=mobile"

_TRACKING = TRACKING_PARAMETERS.split()
_TRACKED_NAMES = frozenset(name for name in _TRACKING if not name.endswith("*") and "=" not in name)
_TRACKED_PREFIXES = tuple(name[:-1] for name in _TRACKING if name.endswith("*"))
_TRACKED_VALUES = frozenset(name for name in _TRACKING if "=" in name)
VARIANTS = frozenset(VARIANT_PARAMETERS.split())


def untracked(query: str, own_hosts: Iterable[str]) -> list[str]:
    """Return the "name=value" pieces that are not tracking; `ref=` goes when it names the own host."""
    kept = []
    for piece in query.split("&"):
        name, _, value = unquote(piece).lower().partition("=")
        if (
            not piece
            or name in _TRACKED_NAMES
            or name.startswith(_TRACKED_PREFIXES)
            or f"{name}={value}" in _TRACKED_VALUES
            or (name == "ref" and value.removeprefix("www.") in own_hosts)
        ):
            continue
        kept.append(piece)
    return kept
