"""Names for readers of what the record writes as codes: actors, kinds of event, agreements.

States have the names of Unicode's CLDR, through Babel. What the record keeps beside them (organisations, armed groups,
states of the past) and what an event is stand here, in both languages. A code that nothing knows stays itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

#: Actors that CLDR lacks, or would name by their successors: code of the record -> name in English, in Spanish.
ACTORS: Mapping[str, tuple[str, str]] = {
    "Bavaria": ("Bavaria", "Baviera"),
    "Bougainville armed groups": ("armed groups of Bougainville", "grupos armados de Bougainville"),
    "COMMONWEALTH": ("Commonwealth of Nations", "Mancomunidad de Naciones"),
    "CSK": ("Czechoslovakia", "Checoslovaquia"),
    "DDR": ("East Germany", "Alemania Oriental"),
    "E3": ("France, Germany and the United Kingdom", "Francia, Alemania y el Reino Unido"),
    "ECOWAS": ("ECOWAS", "CEDEAO"),
    "FARC": ("FARC", "FARC"),
    "FMLN": ("FMLN (El Salvador)", "FMLN (El Salvador)"),
    "GAM": ("Free Aceh Movement", "Movimiento Aceh Libre"),
    "HZB": ("Hezbollah", "Hezbolá"),
    "Haitian military": ("the Haitian military", "militares haitianos"),
    "Houthis": ("Houthis", "hutíes"),
    "KLA": ("Kosovo Liberation Army", "Ejército de Liberación de Kosovo"),
    "Khmer Rouge": ("Khmer Rouge", "Jemeres Rojos"),
    "LURD": ("LURD (Liberia)", "LURD (Liberia)"),
    "M-19": ("M-19 (Colombia)", "M-19 (Colombia)"),
    "MILF": ("Moro Islamic Liberation Front", "Frente Moro de Liberación Islámica"),
    "Maoists": ("Maoists of Nepal", "maoístas de Nepal"),
    "NATO": ("NATO", "OTAN"),
    "NLA": ("National Liberation Army (North Macedonia)", "Ejército de Liberación Nacional (Macedonia del Norte)"),
    "NPFL": ("National Patriotic Front of Liberia", "Frente Patriótico Nacional de Liberia"),
    "OAU": ("Organisation of African Unity", "Organización para la Unidad Africana"),
    "Orange Free State": ("Orange Free State", "Estado Libre de Orange"),
    "PIRA": ("Provisional IRA", "IRA Provisional"),
    "PRG": (
        "Provisional Revolutionary Government of South Vietnam",
        "Gobierno Revolucionario Provisional de Vietnam del Sur",
    ),
    "RENAMO": ("RENAMO (Mozambique)", "RENAMO (Mozambique)"),
    "RUF": ("Revolutionary United Front (Sierra Leone)", "Frente Revolucionario Unido (Sierra Leona)"),
    "TLB": ("Taliban", "talibanes"),
    "TPLF": ("Tigray People's Liberation Front", "Frente de Liberación Popular de Tigray"),
    "UNITA": ("UNITA (Angola)", "UNITA (Angola)"),
    "UTO": ("United Tajik Opposition", "Oposición Tayika Unida"),
    "VNM-South": ("South Vietnam", "Vietnam del Sur"),
    "XKX": ("Kosovo", "Kosovo"),
    "YMD": ("South Yemen", "Yemen del Sur"),
    "YUG": ("Yugoslavia", "Yugoslavia"),
}
#: What an actor did about its promise: event of the track record, or outcome of a case -> words in English, in Spanish.
EVENTS: Mapping[str, tuple[str, str]] = {
    "complied": ("kept", "cumplió"),
    "partial": ("kept in part", "cumplió en parte"),
    "defected": ("broke", "incumplió"),
    "withdrew": ("withdrew", "se retiró"),
    "suspended": ("suspended", "suspendió"),
    "resumed": ("resumed", "reanudó"),
}
#: Agreements of the track record: id -> title in English where the cases have none, and in Spanish.
AGREEMENTS: Mapping[str, tuple[str, str]] = {
    "abm_1972": ("", "Tratado ABM"),
    "agreed_framework_1994": ("", "Acuerdo Marco entre Estados Unidos y Corea del Norte"),
    "budapest_1994": ("", "Memorándum de Budapest sobre garantías de seguridad a Ucrania"),
    "bwc_1972": ("", "Convención sobre las Armas Biológicas"),
    "cfe_1990": ("", "Tratado sobre Fuerzas Armadas Convencionales en Europa"),
    "inf_1987": ("", "Tratado INF"),
    "jcpoa_2015": ("", "Plan de Acción Integral Conjunto (acuerdo nuclear con Irán)"),
    "jpoa_2013": ("", "Plan de Acción Conjunto (acuerdo provisional con Irán)"),
    "korea_cma_2018": ("", "Acuerdo militar general entre las dos Coreas"),
    "korea_joint_1992": ("", "Acuerdo básico y declaración de desnuclearización entre las dos Coreas"),
    "leap_day_2012": ("", "Entendimiento del 29 de febrero entre Estados Unidos y Corea del Norte"),
    "libya_2003": ("", "Renuncia de Libia a las armas de destrucción masiva"),
    "missile_moratorium_1999": ("DPRK moratorium on missile tests of 1999", "Moratoria norcoreana de misiles de 1999"),
    "new_start_2010": ("", "Nuevo START"),
    "npt_irn": ("", "Acuerdo de salvaguardias de Irán en virtud del TNP (INFCIRC/214)"),
    "npt_prk_1985": ("", "Obligaciones de Corea del Norte en virtud del TNP y de INFCIRC/403"),
    "open_skies_1992": ("", "Tratado de Cielos Abiertos"),
    "panmunjom_2018": ("Panmunjom Declaration", "Declaración de Panmunjom"),
    "paris_2004": ("", "Acuerdo de París entre Irán y el E3 para suspender el enriquecimiento"),
    "salt2_1979": ("", "SALT II (firmado, nunca ratificado)"),
    "singapore_2018": ("", "Declaración conjunta de Singapur entre Estados Unidos y Corea del Norte"),
    "six_party_2005": ("", "Declaración conjunta de las seis partes"),
    "six_party_2007": ("", "Planes de acción de las seis partes (febrero y octubre de 2007)"),
    "start_1991": ("", "START I"),
    "syria_cw_2013": ("", "Marco ruso-estadounidense y resolución 2118 sobre las armas químicas sirias"),
    "tehran_2003": ("Tehran Declaration of Iran and the E3", "Declaración de Teherán de Irán y el E3"),
    "test_moratorium_2018": ("DPRK moratorium on tests of 2018", "Moratoria norcoreana de ensayos de 2018"),
    "trilateral_1994": ("", "Declaración trilateral de Estados Unidos, Rusia y Ucrania"),
    "unsc_1718": (
        "Security Council demands on the DPRK (resolution 1718)",
        "Exigencias del Consejo de Seguridad a Corea del Norte (resolución 1718)",
    ),
}
_PLACES = {"en": 0, "es": 1}


def actor_name(code: str, language: str = "en") -> str:
    """Name of an actor as the record codes it.

    Parameters
    ----------
    code
        ISO-3 letters, or the record's own code of an organisation, an armed group or a state of the past.
    language
        ``en`` or ``es``.

    Returns
    -------
    str
        The name; of a predecessor that the record codes by its successor that of the successor. An unknown code, and
        any code in another language, stays itself.

    Examples
    --------
    >>> [actor_name(code) for code in ("PRK", "NATO", "CSK", "nobody")]
    ['North Korea', 'NATO', 'Czechoslovakia', 'nobody']
    >>> [actor_name(code, "es") for code in ("PRK", "NATO", "CSK", "nobody")]
    ['Corea del Norte', 'OTAN', 'Checoslovaquia', 'nobody']
    """
    if code in ACTORS:
        return _in(ACTORS[code], language, code)
    return _territories(language).get(code, code)


def event_name(kind: str, language: str = "en") -> str:
    """Words for what an actor did about its promise.

    Parameters
    ----------
    kind
        An event of the track record, or an outcome of a case.
    language
        ``en`` or ``es``.

    Returns
    -------
    str
        What the actor did; an unknown kind stays itself.

    Examples
    --------
    >>> event_name("defected"), event_name("withdrew", "es")
    ('broke', 'se retiró')
    """
    return _in(EVENTS[kind], language, kind) if kind in EVENTS else kind


def agreement_name(slug: str, language: str = "en") -> str:
    """Title of an agreement or a guarantee.

    Parameters
    ----------
    slug
        ``guarantee_id`` of a case, or ``agreement`` of an event.
    language
        ``en`` or ``es``.

    Returns
    -------
    str
        In Spanish for the agreements of the track record; else the record's own title, in English. An unknown one
        stays itself.

    Examples
    --------
    >>> agreement_name("jcpoa_2015"), agreement_name("tehran_2003"), agreement_name("new_start_2010", "es")
    ('Joint Comprehensive Plan of Action', 'Tehran Declaration of Iran and the E3', 'Nuevo START')
    """
    own = _in(AGREEMENTS[slug], language, "") if slug in AGREEMENTS else ""
    return own or _titles().get(slug) or _in(AGREEMENTS.get(slug, ("", "")), "en", "") or slug


def _in(names: tuple[str, str], language: str, unknown: str) -> str:
    return names[_PLACES[language]] if language in _PLACES else unknown


@lru_cache(maxsize=4)
def _territories(language: str) -> Mapping[str, str]:
    """ISO-3 letters, and CLDR's own codes of groups of states -> name in a language."""
    # Imported when the first name is looked up: it reads CLDR's tables.
    from babel import Locale
    from babel.core import UnknownLocaleError, get_global

    try:
        names = Locale(language).territories
    except (UnknownLocaleError, ValueError):
        return {}
    # CLDR has ISO-3 letters as aliases of the two; one of several states of today is no name for that of yesterday.
    one = {code: parts[0] for code, parts in get_global("territory_aliases").items() if len(parts) == 1}
    return {**names, **{code: names[short] for code, short in one.items() if short in names}}


@lru_cache(maxsize=1)
def _titles() -> Mapping[str, str]:
    """Titles of the shipped guarantees."""
    from ...record import load_guarantees

    cases = load_guarantees()
    return dict(zip(cases["guarantee_id"], cases["guarantee"], strict=True))
