//! Words that values about people have: names that are common where the five languages are spoken,
//! and words of a person's private life. They only ever speak against leaving a column open.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::shape::plain;

/// Common given names and surnames that are hardly anything else.
const NAMES: &str = "\
    ada adam adams adrian adriana agnes agnieszka aguilar agustin ahmed aisha alain alan alba \
    albert alberto albrecht alejandra alejandro alex alexander alexandra alexandre alfonso \
    alfred ali alice alicia alina aline alison allen almeida alonso alvarez alves amadou amanda \
    amelie amit amy ana anabel anderson andre andrea andreas andreia andres andrew angela \
    angelika angelo anil anita anja anke anna anne annette annie antje antoine anton antonella \
    antonia antonio araujo arnaud arnold arthur arturo astrid aubert augusto aurelie axel \
    barbara barbosa batista bauer baumann beatrice beatriz beck becker ben benjamin bennett \
    benoit berger bergmann bernard bernd bernhard bertrand bianca birgit blanchard bohm bonnet \
    boris boyer brandt brenda brian brigitte bruna brunet bruno busch cabrera calvo camila \
    camille campbell cano cardoso carla carlos carmen carol carolina caroline caron carrasco \
    carvalho castro catarina catherine cavalcanti cecile cecilia celine charles charlotte chavez \
    chloe christa christian christiane christina christine christoph christophe christopher \
    claire clara claudia claudio claus clemence coelho coleman collins consuelo correia cristian \
    cristiane cristina cunha cynthia damien daniel daniela daniele danielle david davis deborah \
    delgado delphine denis denise dennis deschamps diana diaz didier diego dieter dietrich dirk \
    dmitri dominguez dominik dominique donald donna dorothea dubois dufour dumont dupont durand \
    duval eduard eduardo edward edwards elena elisa elisabeth elise elizabeth elke ellen elodie \
    eloise emilie emily emma emmanuel emmanuelle engel enrique eric erich erik erika ernesto \
    ernst esposito esteban esther etienne eugenia eva evans eveline fabian fabiana fabio fabrice \
    fatima fatou faure felipe felix fernanda fernandes fernandez fernando ferreira florian \
    fonseca fournier francesca francisca francisco francois francoise frank franke franz \
    frederic frederik freitas friedrich fuchs gabriel gabriela gabriele gabrielle gael gallego \
    garcia garnier garrido gauthier gautier georg george georges gerald gerard gerd gerhard \
    gilbert gilles girard giraud gisela gloria gomes gomez goncalves gonzalez gonzalo graciela \
    graf gregor gregory gross guerin guerrero guillaume guillermo gunter gunther gupta gustav \
    gustavo gutierrez haas hahn hanna hannah hans harald harris harry hartmann hassan heather \
    hector heike heinrich heinz helen helena helene helga helmut henderson henri henrique henry \
    herbert hermann hernandez herrera herrmann hilda hoffmann hofmann holger horst huber hughes \
    hugo humberto iglesias ignacio ines inga ingrid irene isabel isabela isabella isabelle ivan \
    ivana ivanov jacob jacqueline jacques jager jaime james jan jana jane janet jason javier \
    jean jeanne jenkins jennifer jens jeremy jeronimo jessica jimenez joachim joana joanna joao \
    joaquim joaquin jochen joel johann johanna johannes john johnson joly jonas jonathan jones \
    jordi jorge jose josef joseph josephine juan juana judith julia julian juliana julie julien \
    juliette julio jurgen justine kaiser karen karim karin karina karl karla karsten katarzyna \
    katharina katherine kathleen kathrin katja kelly kenneth kerstin kevin khan klara klaus \
    kohler konig kowalski kramer kraus krause kristina kuhn kuhne kumar kunal kurt lacroix \
    lambert larissa laura laurence laurent lea leandro leclerc lecomte lefebvre lefevre lehmann \
    leila lemaire lena leo leon leonardo leonie leonor leroux leroy leticia lewis lina linda \
    lisa lopes lopez lorena lorenz lorenzo louis louise lozano luc lucas lucia luciana luciano \
    lucie lucien ludwig luis luisa luiz lukas lydia machado maeva magali maier maite manfred \
    manon manuel manuela marc marcel marcela marcelo marchand marcia marcio marco marcos marcus \
    margaret margarita margot marguerite maria mariana marianne marie marin marina mario marion \
    marisol markus marlene marques marquez marta martha martin martina martine martinez martins \
    mary mateo mathias mathieu mathilde matthew matthias matthieu mauricio max maxime maximilian \
    mayer mayra melanie melissa mendes mendez mercier meunier meyer michael michel michele \
    michelle miguel mike mikel milagros milena miller mireille mitchell mohamed mohammed molina \
    moller monica monika monique monteiro montserrat morales moreau moreira moreno moritz morris \
    moussa muller munoz murphy myers nadia nadine nancy natalia natalie natasha nathalie nelson \
    neumann nguyen nicolas nicole niklas nikolaus nils nina noelia nora norbert norma nowak \
    nunes nuria oceane octavio olga oliveira oliver olivia olivier omar oriol ortega ortiz oscar \
    otto pablo pamela paola pascal pascale patel patricia patricio patrick patrik patterson paul \
    paula paulina pauline paulo pedro peggy pena pereira perez perrin peter peters petra petrov \
    pfeiffer philip philipp philippe phillips picard pierre pilar piotr pohl prieto priya rachel \
    rafael rafaela rahul rainer ralf ralph ramirez ramon ramos raphael raquel raul ravi rebecca \
    regina reinhard renata renate renaud rene reyes ribeiro ricardo richard richardson rita \
    robert roberta roberto roberts robinson rocha rodolfo rodrigo rodrigues rodriguez roger \
    rogerio rojas roland rolf romain roman romero ronald rosa rossi roth rousseau roussel royer \
    ruben rubio rudolf rui ruiz russell russo ruth ryan sabine sabrina salvador samantha samira \
    samuel sanchez sandra sandrine sanjay sanz sara sarah sascha sauer schafer schmid schmidt \
    schmitt schneider scholz schreiber schroder schubert schulz schulze schumacher schuster \
    scott sebastian sebastiao sebastien seidel sergei sergio sharma sharon silke silva silvia \
    simon simone singh smith sofia sonia sonja sophia sophie sousa souza stefan stefanie stefano \
    stella stephan stephane stephanie stephen steve steven stewart suarez sullivan susan susana \
    susanna susanne sven svenja sylvain sylvia sylvie tamara tania tanja tatiana teixeira teresa \
    thais theo theresa therese thiago thierry thomas thompson thorsten tim timothy tobias tomas \
    torsten ulrich ulrike ursula uwe valentina valerie vanessa vazquez vera veronica veronika \
    veronique victor vidal vieira vincent virginie viviane vogt voigt volker wagner walter \
    waltraud weber wei werner wilhelm william williams wilson winkler wolfgang wright xavier \
    ximena yann yannick yolanda youssef yuki yvonne ziegler zimmermann zoe";

/// What is written of sex, marriage, belief, descent, health and conviction.
const PRIVATE: &str = "\
    african-american aids anxiety arzt asma asthma asthme atheist buddhism buddhist cancer \
    cardiologia cardiologie cardiology casada casado catholic catholique catolica catolico \
    caucasian celibataire chemotherapy chirurgical chirurgie christian christianity communist \
    conservative covid democrat dental dentist depression dermatology diabete diabetes diabetic \
    disability disabled divers divorce divorced divorcee divorciada divorciado embarazo \
    enxaqueca epilepsy evangelico evangelisch female femenino feminin feminino femme fractura \
    fracture frau geschieden grossesse hindu hinduism hipertensao hipertension hispanic hiv \
    hombre homem homme hypertendue hypertension impfung indigena islam jewish judaism judio \
    judisch juif katholisch krebs latino ledig male mann mannlich marie mariee married masculin \
    masculino medecin medico mestiza mestizo migraine mujer mulato mulher muslim muslimisch \
    musulman musulmane neurology nonbinary oncologia oncologie oncology parda pediatric \
    pneumonia pregnant protestant protestante psicologo psiquiatria psychiatrie psychiatry \
    psychologe psychologist psychologue republican rheumatology schizophrenia socialist solteira \
    solteiro soltera soltero stroke surgery surgical terapia therapie therapist transgender \
    tumor unmarried vaccination vaccine varon verheiratet verwitwet veuf veuve viuda viudo \
    weiblich widowed woman";

static KNOWN_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| NAMES.split(' ').collect());
static PRIVATE_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| PRIVATE.split(' ').collect());

/// Letters that stand for a sex where a column has no others.
const SEXES: [&str; 6] = ["m", "f", "h", "w", "d", "x"];

/// Names of people are of few words.
const NAME_WORDS_MAX: usize = 6;

/// Whether the first or the last word of a short text is a common name of people.
pub(super) fn is_known_name(value: &str) -> bool {
    let words = || words(value);
    let known = |word: Option<String>| word.is_some_and(|w| KNOWN_NAMES.contains(w.as_str()));
    value.len() <= 80
        && !value.contains(|c: char| c.is_ascii_digit())
        && words().count() <= NAME_WORDS_MAX
        && (known(words().next()) || known(words().last()))
}

/// Whether a word of a short text is of a person's private life.
pub(super) fn is_private_matter(value: &str) -> bool {
    value.len() <= 120 && words(value).any(|word| PRIVATE_WORDS.contains(word.as_str()))
}

/// Whether a value may stand for a sex, as `m` and `f` do.
pub(super) fn is_sex(value: &str) -> bool {
    SEXES.iter().any(|sex| value.eq_ignore_ascii_case(sex))
}

/// The words of a text, in lower case and without accents.
fn words(value: &str) -> impl Iterator<Item = String> {
    let apart = |c: char| !c.is_alphanumeric() && c != '-';
    value.split(apart).filter(|word| !word.is_empty()).map(|word| {
        let mut out = String::new();
        word.chars().for_each(|c| plain(c, &mut out));
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people_are_told_from_those_of_things() {
        for name in ["Jos\u{e9}", "M\u{fc}ller, Hans", "Ana Paula", "dr. schmidt", "LUC\u{cd}A"] {
            assert!(is_known_name(name), "{name}");
        }
        for thing in ["Mouse", "Tofu 12", "Diesel", "In Progress", "North America", "Gold"] {
            assert!(!is_known_name(thing) && !is_private_matter(thing), "{thing}");
        }
        assert!(is_private_matter("Weiblich") && is_private_matter("Type 2 diabetes"));
        assert!(is_sex("M") && !is_sex("L"));
    }

    #[test]
    fn words_are_spelt_as_values_are_folded() {
        for word in NAMES.split(' ').chain(PRIVATE.split(' ')) {
            let letters = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            assert!(letters && !word.is_empty(), "{word:?}");
        }
    }
}
