//! The part before the records: declaration, document type, the root's tag, the date, the person.

use crate::export::xml::Xml;

/// Shorter than Apple's, in the same form: an internal subset whose declarations end on a separate line.
const DOCUMENT_TYPE: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 14 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
<!ELEMENT ExportDate EMPTY>
<!ATTLIST ExportDate
  value CDATA #REQUIRED
>
<!ELEMENT Record ((MetadataEntry|HeartRateVariabilityMetadataList)*)>
<!ATTLIST Record
  type          CDATA #REQUIRED
  unit          CDATA #IMPLIED
  value         CDATA #IMPLIED
  sourceName    CDATA #REQUIRED
  sourceVersion CDATA #IMPLIED
  device        CDATA #IMPLIED
  creationDate  CDATA #IMPLIED
  startDate     CDATA #REQUIRED
  endDate       CDATA #REQUIRED
>
<!-- Note: Any Records that appear as children of a correlation also appear as top-level records in this document. -->
<!ELEMENT Correlation ((MetadataEntry|Record)*)>
<!ELEMENT Workout ((MetadataEntry|WorkoutEvent|WorkoutActivity|WorkoutRoute|WorkoutStatistics)*)>
<!ELEMENT MetadataEntry EMPTY>
<!ATTLIST MetadataEntry
  key   CDATA #REQUIRED
  value CDATA #REQUIRED
>
]>
";

pub(crate) fn write(export_ms: i64, xml: &mut Xml) {
    xml.text.push(DOCUMENT_TYPE.as_bytes());
    xml.open(0, "HealthData");
    xml.attribute("locale", "en_US");
    xml.children();
    xml.open(1, "ExportDate");
    xml.date("value", export_ms);
    xml.close();
    xml.open(1, "Me");
    for (name, value) in [
        ("DateOfBirth", "1970-01-01"),
        ("BiologicalSex", "HKBiologicalSexNotSet"),
        ("BloodType", "HKBloodTypeABNegative"),
        ("FitzpatrickSkinType", "HKFitzpatrickSkinTypeNotSet"),
        ("CardioFitnessMedicationsUse", "None"),
    ] {
        let attribute = ["HKCharacteristicTypeIdentifier", name].concat();
        xml.attribute(&attribute, value);
    }
    xml.close();
}
